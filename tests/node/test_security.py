"""What a container may do and use: the settings of its pod under its own."""

import pytest

from eachpod.node.runtime import NamespaceMode
from eachpod.node.security import SecurityFault, container_security, limits


def test_the_containers_own_settings_win() -> None:
    pod = {"spec": {"securityContext": {"runAsUser": 1, "fsGroup": 7, "supplementalGroups": [9]}, "hostPID": True}}
    spec = {"name": "c", "securityContext": {"runAsUser": 2, "allowPrivilegeEscalation": False}}
    found = container_security(pod, spec, None)
    assert (found.run_as_user, found.supplemental_groups, found.no_new_privileges) == (2, (9, 7), True)
    assert (found.pid, found.network) == (NamespaceMode.NODE, NamespaceMode.POD)


@pytest.mark.parametrize(("image_user", "refused"), [(0, True), (None, True), ("nginx", True), (101, False)])
def test_non_root(image_user: int | str | None, refused: bool) -> None:
    pod = {"spec": {"securityContext": {"runAsNonRoot": True}}}
    if refused:
        with pytest.raises(SecurityFault, match=r"\(container: c\)"):
            container_security(pod, {"name": "c"}, image_user)
    else:
        assert container_security(pod, {"name": "c"}, image_user).run_as_user is None


def test_limits() -> None:
    spec = {"resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}}
    found = limits({"spec": {"containers": [spec]}}, spec, 1 << 30)
    assert (found.cpu_shares, found.cpu_quota, found.cpu_period) == (256, 50_000, 100_000)
    assert found.memory_limit == 128 << 20
    assert 3 <= found.oom_score_adj < 1000
    assert limits({"spec": {"containers": [{}]}}, {}, 1 << 30).oom_score_adj == 1000
