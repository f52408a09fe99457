"""How does GitLab say no?

Grape puts ``message`` into what the API refuses, ``error`` into what its own checks of
parameters, paths and scopes refuse (gitlabhq `lib/api/helpers.rb`, `lib/api/api_guard.rb`, read
2026-11-24).
"""

from __future__ import annotations

from gate.sandbox.routing import Answer, json_answer

INSUFFICIENT_SCOPE = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token.",
    "scope": "api",
}
TOO_MANY = "This endpoint has been requested too many times. Try again later."
_REASONS = {
    400: "400 Bad request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    409: "409 Conflict",
}


class Refused(Exception):
    """GitLab says no.

    Args:
        status: the HTTP status.
        document: the whole answer, text is sent as it is; without it, the status in words.
        headers: sent with it.
    """

    def __init__(
        self, status: int, document: object = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.status = status
        self.document = {"message": _REASONS[status]} if document is None else document
        self.headers = headers
        super().__init__(str(self.document))

    def answer(self) -> Answer:
        """Return it as an answer."""
        if isinstance(self.document, str):
            body = self.document.encode()
            return Answer(status=self.status, body=body, kind="text/plain", headers=self.headers)
        return json_answer(self.status, self.document, *self.headers)


def not_found(what: str) -> Refused:
    """Return the 404 that names what is not there, or is hidden."""
    return Refused(404, {"message": f"404 {what} Not Found"})


def bad(message: object) -> Refused:
    """Return a 400 with a message of its own."""
    return Refused(400, {"message": message})


def invalid(name: str, problem: str = "does not have a valid value") -> Refused:
    """Return the 400 of a parameter that is not of its form."""
    return Refused(400, {"error": f"{name} {problem}"})
