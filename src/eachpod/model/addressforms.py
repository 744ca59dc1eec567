"""Warnings about addresses and ranges that are accepted although they are not written in their standard form."""

from ipaddress import IPv6Address, ip_network

from . import names


def about_ip(path: str, text: str) -> list[str]:
    address = names.parse_ip(text)
    if address is None:
        return []
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped or (address.version == 4 and str(address) != text):
        return [f'{path}: non-standard IP address "{text}" is invalid: use "{mapped or address}"']
    if str(address) != text:
        return [f'{path}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{address}")']
    return []


def about_cidr(path: str, text: str) -> list[str]:
    address, _, length = text.partition("/")
    found = names.parse_ip(address)
    if found is None or not length.isdigit():
        return []
    network = ip_network(f"{found}/{int(length)}", strict=False)
    warnings: list[str] = []
    if network.network_address != found:
        alone = f"{found}/{found.max_prefixlen}"
        warnings.append(
            f'{path}: CIDR value "{text}" is ambiguous in this context (should be "{network}" or "{alone}"?)'
        )
    if found.version == 4 and str(found) != address:
        warnings.append(f'{path}: non-standard CIDR value "{text}" is invalid: use "{network}"')
    if not warnings and found.version == 6 and str(network) != text:
        warnings.append(f'{path}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{network}")')
    return warnings
