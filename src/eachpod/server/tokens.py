"""Service account tokens: JWTs that name the account, what they are bound to, and for whom they are meant."""

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from eachpod.model.objects import Object
from eachpod.model.resources import NODE, POD, SECRET, SERVICEACCOUNT

from .context import View
from .user import AUTHENTICATED, User

_BOUND = {"pod": POD, "secret": SECRET, "node": NODE}
_EXTRA = "authentication.kubernetes.io"


def account_user(namespace: str, name: str, uid: str, extra: dict[str, tuple[str, ...]]) -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", groups, uid, extra)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token speaks for, and the object that it lives and dies with: (pod, name, uid)."""

    namespace: str
    name: str
    uid: str
    bound: tuple[str, str, str] | None = None
    node: tuple[str, str] | None = None


class TokenAuthority:
    """Signs and reads tokens with one key; its form decides between RS256 and ES256."""

    def __init__(self, key_pem: bytes, issuer: str) -> None:
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("the service account key must be an RSA or an EC key")
        self._key, self._public = key, key.public_key()
        self.algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        self.issuer = issuer
        spki = self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.key_id = base64.urlsafe_b64encode(hashlib.sha256(spki).digest()).decode().rstrip("=")
        self._claims: dict[str, dict[str, Any]] = {}

    def issue(self, subject: Subject, audiences: Sequence[str], seconds: int, now: float, token_id: str) -> str:
        private: Object = {
            "namespace": subject.namespace,
            "serviceaccount": {"name": subject.name, "uid": subject.uid},
        }
        if subject.bound:
            kind, name, uid = subject.bound
            private[kind] = {"name": name, "uid": uid}
        if subject.node:
            private["node"] = {"name": subject.node[0], "uid": subject.node[1]}
        claims = {
            "aud": list(audiences),
            "exp": int(now) + seconds,
            "iat": int(now),
            "iss": self.issuer,
            "jti": token_id,
            "kubernetes.io": private,
            "nbf": int(now),
            "sub": f"system:serviceaccount:{subject.namespace}:{subject.name}",
        }
        return jwt.encode(claims, self._key, algorithm=self.algorithm, headers={"kid": self.key_id, "typ": None})

    def read(self, token: str, view: View, audiences: Sequence[str] = ()) -> User | None:
        """The user of a token that is ours, valid now and still has its account and what it is bound to."""
        claims = self._claims.get(token)
        if claims is None:
            try:
                claims = self._verified(token)
            except jwt.InvalidTokenError:
                return None
            if len(self._claims) > 4096:
                self._claims.clear()
            self._claims[token] = claims
        if claims["exp"] < time.time() or not _meant_for(claims, audiences or (self.issuer,)):
            return None
        return _living(claims, view)

    def _verified(self, token: str) -> dict[str, Any]:
        options: Any = {"verify_aud": False, "verify_exp": False, "require": ["exp", "iss", "sub"]}
        found: dict[str, Any] = jwt.decode(
            token, self._public, algorithms=[self.algorithm], issuer=self.issuer, options=options
        )
        return found

    def audiences(self, token: str) -> list[str]:
        """For whom a token says that it is meant; for nobody where it is none of ours."""
        try:
            return _audiences(self._verified(token))
        except jwt.InvalidTokenError:
            return []

    def fault(self, token: str, audiences: Sequence[str]) -> str:
        """Why a token that says that it is ours does not count, "" where there is nothing to say."""
        try:
            claims = self._verified(token)
        except jwt.InvalidSignatureError:
            return "go-jose/go-jose: error in cryptographic primitive"
        except jwt.InvalidTokenError:
            return ""
        if claims["exp"] < time.time():
            return "service account token has expired"
        wanted = audiences or (self.issuer,)
        if not _meant_for(claims, wanted):
            held = _quoted(_audiences(claims))
            return f"token audiences {held} is invalid for the target audiences {_quoted(wanted)}"
        return ""

    def discovery(self, address: str, port: int) -> Object:
        """The OpenID provider's configuration."""
        return {
            "issuer": self.issuer,
            "jwks_uri": f"https://{address}:{port}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
        }

    def jwks(self) -> Object:
        """The public key as a JSON Web Key Set."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        key: Any = algorithm.to_jwk(self._public, as_dict=True)
        return {"keys": [{"use": "sig", "kid": self.key_id, "alg": self.algorithm, **key}]}


def _audiences(claims: dict[str, Any]) -> list[str]:
    held = claims.get("aud") or []
    return [held] if isinstance(held, str) else list(held)


def _meant_for(claims: dict[str, Any], audiences: Sequence[str]) -> bool:
    return bool(set(_audiences(claims)) & set(audiences))


def _quoted(texts: Sequence[str]) -> str:
    """A list as Go prints it."""
    return f"[{' '.join(json.dumps(text) for text in texts)}]"


def _living(claims: dict[str, Any], view: View) -> User | None:
    private = claims.get("kubernetes.io") or {}
    namespace, account = private.get("namespace") or "", private.get("serviceaccount") or {}
    held = view.get(SERVICEACCOUNT, account.get("name") or "", namespace)
    if held is None or held["metadata"]["uid"] != account.get("uid"):
        return None
    extra: dict[str, tuple[str, ...]] = {}
    if claims.get("jti"):
        extra[f"{_EXTRA}/credential-id"] = (f"JTI={claims['jti']}",)
    for kind, resource in _BOUND.items():
        bound = private.get(kind)
        if not bound:
            continue
        where = "" if resource == NODE else namespace
        found = view.get(resource, bound["name"], where)
        # A node that went does not end the tokens of its pods.
        gone = found is None or found["metadata"]["uid"] != bound["uid"]
        if gone and not (kind == "node" and "pod" in private):
            return None
        if kind != "secret":
            extra[f"{_EXTRA}/{kind}-name"] = (bound["name"],)
            extra[f"{_EXTRA}/{kind}-uid"] = (bound["uid"],)
    return account_user(namespace, account["name"], account["uid"], extra)
