"""EndpointSlices: the pods behind each Service, published in slices of a hundred.

`endpoints` turns a pod into an endpoint, `tracked` remembers them, `packing` spreads them over slices, `hints` says
which zone they are for, `controller` puts it together.
"""

from .controller import CONTROLLER as CONTROLLER
