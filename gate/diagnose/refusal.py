"""Why did the API server not answer what it was asked, and what can be done about it?"""

from __future__ import annotations

import json

from gate.core.reason import one_line
from gate.diagnose.evidence import Gap
from gate.diagnose.kubeconfig import Access


def gap(access: Access, what: str, error: Exception) -> Gap:
    """Return why something did not come, and what to do; names host or permission."""
    namespace, server = access.namespace, access.server
    match status_of(error):
        case 401:
            why = f"{server} does not accept the credentials of context {access.context} (HTTP 401)"
            return Gap(what=what, why=why, advice="log in to the cluster again", refused=True)
        case 403:
            why = f"forbidden: {_message(error)}"
            advice = f"ask for the role view in namespace {namespace}"
            if what == "nodes":  # which stand in no namespace
                advice = "ask for a cluster role that may get nodes"
            return Gap(what=what, why=why, advice=advice, refused=True)
        case int() as status if status:
            why = f"{server} answers HTTP {status}: {_message(error)}"
            return Gap(what=what, why=why, advice="ask who runs the cluster", refused=True)
        case _:
            why = f"{server} {_network_words(error)}"
            advice = "check the network and VPN to the cluster, and the kubeconfig's context"
            return Gap(what=what, why=why, advice=advice, refused=True)


def status_of(error: object) -> int | None:
    """Return the HTTP status that an error of the client stands for; None for any other."""
    status = getattr(error, "status", None) if isinstance(error, Exception) else None
    return status if isinstance(status, int) else None


def _message(error: Exception) -> str:
    """Return the message of a `Status` object, or the reason of the HTTP answer."""
    try:
        message = json.loads(getattr(error, "body", None) or "")["message"]
    except (ValueError, TypeError, KeyError):
        message = getattr(error, "reason", None) or "no message"
    return one_line(str(message), 300)


def _network_words(error: Exception) -> str:
    words = str(getattr(error, "reason", None) or error)
    kinds = {type(error).__name__, type(error.__cause__).__name__, type(error.__context__).__name__}
    if isinstance(error, TimeoutError) or "TimeoutError" in "".join(kinds):
        return "does not answer in time"
    if "NameResolutionError" in kinds:
        return "has a name that cannot be resolved"
    if "refused" in words:
        return "refuses the connection"
    if "certificate" in words.lower() or "SSL" in words:
        return f"has a certificate that is not accepted: {one_line(words, 160)}"
    if isinstance(error, ValueError):
        return f"does not answer as a Kubernetes API: {one_line(words, 120)}"
    return f"cannot be reached: {one_line(words, 160)}"
