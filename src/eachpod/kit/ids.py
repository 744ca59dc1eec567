"""Identifiers made from given random bytes, so that deciding code stays free of chance."""

import uuid

# No vowels and no digits that look like them, so that no words arise (apimachinery util/rand).
SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def uid(entropy: bytes) -> str:
    """A random UUID (RFC 9562 version 4) from 16 bytes."""
    return str(uuid.UUID(bytes=entropy[:16], version=4))


def suffix(entropy: bytes, length: int = 5) -> str:
    """A name suffix from one byte per character; the slight bias of the modulus does not matter for names."""
    if len(entropy) < length:
        raise ValueError(f"a suffix of {length} characters needs {length} bytes, not {len(entropy)}")
    return "".join(SAFE_ALPHABET[byte % len(SAFE_ALPHABET)] for byte in entropy[:length])


def safe_encode(text: str) -> str:
    """Text rewritten in the safe alphabet, as hashes in names of ReplicaSets and ControllerRevisions are."""
    return "".join(SAFE_ALPHABET[ord(char) % len(SAFE_ALPHABET)] for char in text)


def fnv1a_32(data: bytes) -> int:
    """FNV-1a, 32 bits (hash/fnv New32a)."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value
