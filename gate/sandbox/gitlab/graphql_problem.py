"""What is wrong with a GraphQL query?"""

from __future__ import annotations


class Problem(Exception):
    """One entry of ``errors``.

    Args:
        message: in GitLab's words.
        ran: whether the query was begun; else it does not fit the schema.
        path: where in the answer.
    """

    def __init__(self, message: str, *, ran: bool = False, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.ran = ran
        self.path = path
