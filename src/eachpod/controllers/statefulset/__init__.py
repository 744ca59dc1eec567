"""StatefulSets: pods with a name, a place in an order and claims of their own.

`controller` gathers what there is and writes the plan; `decide` holds the rules of order and update, `identity`,
`claims`, `revisions` and `status` one idea each.
"""

from .controller import CONTROLLER as CONTROLLER
