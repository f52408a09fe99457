"""What does a ledger ask of git? Fetch, read, commit and push, each one call of the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gate.core.reason import one_line
from gate.errors import ConfigError
from gate.fleet.state.git_cache import Cache, open_cache
from gate.fleet.state.git_command import Ran, git_environ, run_git
from gate.fleet.state.git_trouble import NO_SUCH_REF, is_known, no_git, reading_trouble, said
from gate.fleet.state.git_url import GitPlace

TIMEOUT: Final = 60.0  # seconds for what goes over the network, and for what does not
DRAFT: Final = "refs/gate/draft"

_SEEN: Final = "refs/gate/seen"
_QUIET: Final = ("--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head")
# What was pushed must outlast the machine's power; a server sees to that by its own settings.
_DURABLE: Final = "--receive-pack=git -c core.fsync=committed,loose-object receive-pack"


class CacheDamaged(ConfigError):
    """The private repository cannot be used; what it held can be fetched again."""


class GitRepository:
    """A repository somewhere, and the private one in which this process works."""

    def __init__(self, place: GitPlace, cache: Cache, environ: Mapping[str, str]) -> None:
        self.place = place
        self._cache = cache
        self._environ = git_environ(place, environ)

    def fetch(self) -> bool:
        """Fetch the last commit of the ref alone; return False where there is no such ref.

        Raises:
            ConfigError: the repository is not there, does not answer, or refuses this user.
        """
        refspec = f"+{self.place.ref}:{_SEEN}"
        call = ("fetch", "--quiet", "--depth=1", *_QUIET, self.place.remote, refspec)
        ran = self._run(*call)
        if not ran.ok and ran.code is not None and not is_known(ran):
            self.renew()
            ran = self._run(*call)
        if ran.ok:
            return True
        if NO_SUCH_REF in ran.err:
            return False
        raise reading_trouble(self.place, ran, TIMEOUT)

    def seen(self, path: str) -> tuple[str, bytes | None]:
        """Return the name of the commit that was fetched last, and a file of it if it is there.

        Raises:
            CacheDamaged: what was fetched cannot be read.
        """
        commit, content = self._objects(f"{_SEEN}^{{commit}}", f"{_SEEN}:{path}")
        if commit is None:
            raise self._damaged("what was fetched is gone")
        return commit[0], content[1] if content else None

    def files(self, commit: str, paths: Sequence[str]) -> list[bytes]:
        """Return the files at `paths` in a commit, empty where there is none.

        Raises:
            CacheDamaged: what was fetched cannot be read.
        """
        found = self._objects(*(f"{commit}:{path}" for path in paths))
        return [content[1] if content else b"" for content in found]

    def commit(self, stream: bytes) -> str:
        """Return the name of the commit that a stream for ``git fast-import`` makes on `DRAFT`.

        Raises:
            CacheDamaged: it cannot be made.
        """
        ran = self._run("fast-import", "--quiet", "--force", "--date-format=raw", given=stream)
        if not ran.ok:
            raise self._damaged(said(ran))
        return ran.out.decode("ascii").strip()

    def push(self, commit: str, expected: str) -> Ran:
        """Let the ref name `commit` where it still names `expected`, or nothing where that is empty."""
        lease = f"--force-with-lease={self.place.ref}:{expected}"
        durable = (_DURABLE,) if self.place.local else ()
        options = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
        ref = f"{commit}:{self.place.ref}"
        return self._run("push", *options, lease, *durable, self.place.remote, ref)

    def renew(self) -> None:
        """Begin with an empty private repository.

        Raises:
            ConfigError: that cannot be done.
        """
        try:
            self._cache.renew()
        except OSError as error:
            raise self._damaged(error.strerror or str(error)) from None

    def close(self) -> None:
        """Let others have the private repository."""
        self._cache.close()

    def _objects(self, *names: str) -> list[tuple[str, bytes] | None]:
        """Return the name and content of each object, or None where there is none."""
        ran = self._run("cat-file", "--batch", given="".join(f"{name}\n" for name in names).encode())
        if not ran.ok:
            raise self._damaged(said(ran))
        found: list[tuple[str, bytes] | None] = []
        at = 0
        for _ in names:
            end = ran.out.find(b"\n", at)
            match ran.out[at : max(at, end)].split(b" "):
                case [name, _, size] if size.isdigit():
                    start, at = end + 1, end + 2 + int(size)
                    found.append((name.decode("ascii"), ran.out[start : at - 1]))
                case [*_, b"missing"]:
                    at = end + 1
                    found.append(None)
                case _:
                    raise self._damaged("git cat-file says less than it was asked for")
        return found

    def _run(self, *arguments: str, given: bytes = b"") -> Ran:
        try:
            return run_git(arguments, self._cache.folder, self._environ, timeout=TIMEOUT, given=given)
        except OSError as error:
            raise no_git(self.place, error) from None

    def _damaged(self, words: str) -> CacheDamaged:
        return CacheDamaged(
            f"state {self.place.shown}: git cannot work in {self._cache.folder} ({one_line(words, 300)}); "
            "see whether the disk is full, or remove that folder"
        )


def open_repository(place: GitPlace, environ: Mapping[str, str]) -> GitRepository:
    """Return the repository that a place names; nothing is asked of it yet.

    Raises:
        ConfigError: there is no folder to work in.
    """
    try:
        return GitRepository(place, open_cache(place, environ), environ)
    except OSError as error:
        words = one_line(error.strerror or str(error), 200)
        raise ConfigError(
            f"state {place.shown}: no folder for what is fetched: {words}; let this user write to the "
            "system's folder for passing files"
        ) from None
