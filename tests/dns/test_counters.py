"""What is counted, in the text format of Prometheus."""

from eachpod.dns.counters import Counters, exposition

EXPECTED = """\
# TYPE coredns_dns_requests_total counter
coredns_dns_requests_total{proto="udp"} 1
coredns_dns_requests_total{proto="tcp"} 2
# TYPE coredns_dns_responses_total counter
coredns_dns_responses_total{rcode="NOERROR"} 10
coredns_dns_responses_total{rcode="FORMERR"} 11
coredns_dns_responses_total{rcode="SERVFAIL"} 12
coredns_dns_responses_total{rcode="NXDOMAIN"} 13
coredns_dns_responses_total{rcode="NOTIMP"} 14
coredns_dns_responses_total{rcode="REFUSED"} 15
# TYPE coredns_forward_requests_total counter
coredns_forward_requests_total 3
# TYPE eachpod_dns_forward_failures_total counter
eachpod_dns_forward_failures_total 4
# TYPE eachpod_dns_internal_errors_total counter
eachpod_dns_internal_errors_total 5
# TYPE eachpod_dns_changes_total counter
eachpod_dns_changes_total 6
# TYPE eachpod_dns_names gauge
eachpod_dns_names 7
# TYPE eachpod_dns_synced gauge
eachpod_dns_synced 1
"""


def test_exposition() -> None:
    counters = Counters(udp=1, tcp=2, forwarded=3, forward_failures=4, errors=5, changes=6, rcodes=[*range(10, 26)])
    assert exposition(counters, 7, synced=True) == EXPECTED
    assert exposition(counters, 7, synced=False) == EXPECTED.replace("synced 1", "synced 0")


def test_every_response_code_has_its_place() -> None:
    assert Counters().rcodes == [0] * 16
    assert Counters().rcodes is not Counters().rcodes
