"""For all tests: how long an example takes says something about the machine, not about the program.

The examples are the same in every run, lest a change be refused for a fault that another one made. New ones are looked
for with `pytest --hypothesis-profile=explore`.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "explore", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("same", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("same")
