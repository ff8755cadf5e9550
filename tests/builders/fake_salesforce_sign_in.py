"""How the fake Salesforce lets people in: assertions, really verified, client credentials, passwords."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, unescape

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_http import Reply, reply_json, reply_text

if TYPE_CHECKING:
    from fake_salesforce import Org

KEY, SECRET, USER = "3MVGconsumer.key", "consumer-s3cret", "okr@acme.example"
PASSWORD, TOKEN = "p&<w'd", "sec7"


@cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def private_pem() -> str:
    """Return the private key that the connected app's certificate belongs to."""
    form = serialization.PrivateFormat.PKCS8
    return (
        signing_key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    )


def token(org: Org, form: Mapping[str, str], *, host: str, address: str) -> Reply:
    org.count("sign in")
    if org.refused:
        return reply_json(
            {"error": org.refused, "error_description": "refused for user okr@acme"}, status=400
        )
    kind = form.get("grant_type", "")
    if kind == "client_credentials":
        if (form.get("client_id"), form.get("client_secret")) != (KEY, SECRET):
            return reply_json({"error": "invalid_client", "error_description": "invalid client"}, status=400)
    elif kind.endswith("jwt-bearer"):
        audience = org.audience or f"https://{'test' if org.sandbox else 'login'}.salesforce.com"
        try:
            claims = jwt.decode(
                form["assertion"],
                signing_key().public_key(),
                algorithms=["RS256"],
                audience=audience,
                issuer=KEY,
            )
        except jwt.ExpiredSignatureError:
            return _invalid_grant("expired authorization code")
        except jwt.InvalidAudienceError:
            return _invalid_grant("audience is invalid")
        except jwt.InvalidTokenError:
            return _invalid_grant("invalid assertion")
        if claims["sub"] != USER:
            return _invalid_grant("user hasn't approved this consumer")
    else:
        return reply_json({"error": "unsupported_grant_type", "error_description": "no"}, status=400)
    value = {"access_token": org.sign_in(), "instance_url": address, "token_type": "Bearer"}
    return reply_json({**value, "id": f"https://login.salesforce.com/id/{org.id}/0055g00000AbCdE"})


def _invalid_grant(description: str) -> Reply:
    return reply_json({"error": "invalid_grant", "error_description": description}, status=400)


def soap_login(org: Org, body: str, *, address: str) -> Reply:
    org.count("sign in")
    user = re.search(r"<n1:username>(.*?)</n1:username>", body)
    password = re.search(r"<n1:password>(.*?)</n1:password>", body, re.DOTALL)
    found = (unescape(user[1]), unescape(password[1], {"&#x27;": "'"})) if user and password else None
    if found != (USER, PASSWORD + TOKEN):
        told = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        code = "<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
        return _envelope(f"<e:Fault>{code}<sf:exceptionMessage>{told}</sf:exceptionMessage></e:Fault>", 500)
    url = f"{escape(address)}/services/Soap/u/62.0/{org.id}"
    session = f"<sessionId>{org.sign_in()}</sessionId>"
    return _envelope(f"<loginResponse><result>{session}<serverUrl>{url}</serverUrl></result></loginResponse>")


def _envelope(body: str, status: int = 200) -> Reply:
    text = f'<e:Envelope xmlns:e="x" xmlns:sf="urn:fault"><e:Body>{body}</e:Body></e:Envelope>'
    return reply_text(text, "text/xml", status=status)
