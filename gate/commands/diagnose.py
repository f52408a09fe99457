"""`gate diagnose`: why is the gate closed, and who can do what about it?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from gate import asking
from gate.commands.say import say
from gate.config import Config, interpolated, load_config
from gate.core.model import Environment, Verdict
from gate.core.reason import one_line, without_credentials
from gate.core.secret import Secret
from gate.diagnose.bounded import together
from gate.diagnose.bundle import bundle_files, check_target, write_bundle
from gate.diagnose.causes import find_causes
from gate.diagnose.diagnosis import Diagnosis, encode_diagnosis
from gate.diagnose.evidence import Dependency, Evidence, Gap
from gate.diagnose.kubeconfig import Access, Wish, find_access
from gate.diagnose.library import Library, load_library, opened
from gate.diagnose.picture import Picture, read_picture
from gate.diagnose.render import render
from gate.diagnose.roles import Role, parse_selectors, role_of_url
from gate.diagnose.scrub import Scrubber, secrets_of, url_secrets
from gate.diagnose.suggest import suggest_patch
from gate.errors import ConfigError, Exit, MissingExtra, OutputError
from gate.probe.dependencies import Asked, Step, ask_dependency
from gate.report.json import encode_verdict

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnoseOptions:
    """The options of `gate diagnose`."""

    config: str | None = None
    state: str | None = None
    environment: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    selector: Sequence[str] = ()
    suggest: bool = False
    bundle: Path | None = None
    format: str = "text"


def run(options: DiagnoseOptions, environ: Environ) -> int:
    """Gather, find causes, take the secrets out, and show what is left.

    Returns:
        0; 1 where a part of it was refused or did not answer, which is named.

    Raises:
        ConfigError: the configuration, or a kubeconfig that an option names, is wrong.
        OutputError: the bundle cannot be written.
    """
    selectors = _selectors(options.selector)
    if options.bundle:
        check_target(options.bundle)
    config = load_config(options.config, environ)
    question = asking.prepare(config, options.environment, options.state, environ, say)
    wish = Wish(
        kubeconfig=options.kubeconfig or "", context=options.context or "", namespace=options.namespace or ""
    )
    access, no_access = _access(wish, environ)
    library, no_library = _library(access, wish)
    verdict, dependencies, picture = _ask(question, library, access, selectors, environ)
    evidence = Evidence(
        now=datetime.now(UTC),
        verdict=verdict,
        dependencies=dependencies,
        cluster=picture.cluster,
        gaps=(*no_access, *no_library, *picture.gaps, *_unasked(question.environment, picture)),
    )
    secrets = (*picture.secrets, *_secrets(config, question.environment, access, environ))
    scrubber = Scrubber(secrets)
    diagnosis = scrubber.record(Diagnosis(evidence=evidence, causes=find_causes(evidence)))
    _show(diagnosis, options)
    return Exit.OK if diagnosis.complete else Exit.PARTLY


def _selectors(given: Sequence[str]) -> dict[Role, str]:
    try:
        return parse_selectors(given)
    except ValueError as error:
        raise click.UsageError(f"--selector: {error}") from None


def _access(wish: Wish, environ: Environ) -> tuple[Access | None, tuple[Gap, ...]]:
    """Return how the cluster is reached, or why it is not; only what was asked for must be right."""
    advice = "name one with --kubeconfig or KUBECONFIG"
    try:
        access = find_access(wish, environ, _home())
    except ConfigError as error:
        if wish.explicit:
            raise
        return None, (Gap(what="the cluster", why=error.problems[0], advice=advice, refused=True),)
    if access is None:
        why = "no kubeconfig: KUBECONFIG is not set, there is no ~/.kube/config, and this is no pod"
        return None, (Gap(what="the cluster", why=why, advice=advice),)
    return access, ()


def _library(access: Access | None, wish: Wish) -> tuple[Library | None, tuple[Gap, ...]]:
    """Return the client where it is needed, or that it is missing."""
    if access is None:
        return None, ()
    try:
        return load_library(), ()
    except MissingExtra as error:
        if wish.explicit:
            raise
        return None, (Gap(what="the cluster", why=str(error)),)


def _ask(
    question: asking.Question,
    library: Library | None,
    access: Access | None,
    selectors: Mapping[Role, str],
    environ: Environ,
) -> tuple[Verdict, tuple[Dependency, ...], Picture]:
    """Ask the lab, what it needs, and the cluster at once; each keeps to its own deadline."""
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        dependencies = pool.submit(_dependencies, question.environment)
        picture = pool.submit(_picture, library, access, selectors, environ)
        return asking.ask(question, 0.0, environ), dependencies.result(), picture.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _dependencies(environment: Environment) -> tuple[Dependency, ...]:
    urls = environment.dependencies
    calls = {url: partial(ask_dependency, url, environment.timeout) for url in urls}
    answers = together(calls, 3 * environment.timeout)
    return tuple(_dependency(url, answers[url]) for url in dict.fromkeys(urls))


def _dependency(url: str, answer: Asked | Exception) -> Dependency:
    if isinstance(answer, Exception):  # only resolving its name knows no deadline of its own
        shown, words = without_credentials(url), one_line(str(answer))
        return Dependency(url=shown, role=role_of_url(url), cause=words, failed=Step.NAME)
    return Dependency(url=answer.url, role=role_of_url(url), cause=answer.cause, failed=answer.failed)


def _picture(
    library: Library | None, access: Access | None, selectors: Mapping[Role, str], environ: Environ
) -> Picture:
    if library is None or access is None:
        return Picture(cluster=None)
    try:
        with opened(library, access, environ) as client:
            return read_picture(client, access, selectors)
    except ConfigError as error:
        return Picture(cluster=None, gaps=(Gap(what="the cluster", why=error.problems[0], refused=True),))


def _unasked(environment: Environment, picture: Picture) -> tuple[Gap, ...]:
    """Return what nobody has told gate to ask."""
    if environment.dependencies or picture.cluster:
        return ()
    advice = f"list them under environments.{environment.name}.dependencies, such as mongodb://mongodb:27017"
    return (Gap(what="MongoDB and RabbitMQ", why="no dependencies are configured", advice=advice),)


def _secrets(
    config: Config, environment: Environment, access: Access | None, environ: Environ
) -> Iterator[Secret]:
    """Yield all that this process knows and must not show."""
    yield from secrets_of(environ)
    yield from access.secrets if access else ()
    for url in (environment.focus_server, *environment.dependencies):
        yield from url_secrets(url)
    tokens = [member.get("token", "") for member in config.document.get("fleet", ())]
    channels = config.document.get("notify", ())
    for text in (*tokens, *channels, config.state or ""):
        with suppress(ConfigError):  # a variable that is not set here is not known here either
            known = interpolated(text, config.source, environ)
            yield from url_secrets(known)
            if text in tokens:
                yield Secret(known)
            if text in channels:  # what follows the scheme of an apprise URL is the secret
                yield Secret(known.partition("://")[2])


def _show(diagnosis: Diagnosis, options: DiagnoseOptions) -> None:
    text = render(diagnosis)
    patch = suggest_patch(diagnosis.evidence)
    verdict = encode_verdict(diagnosis.evidence.verdict)
    document = encode_diagnosis(diagnosis, verdict, patch if options.suggest else None)
    encoded = json.dumps(document, ensure_ascii=False) + "\n"
    if options.bundle:
        given = {"diagnosis.txt": text, "diagnosis.json": encoded, "suggestion.yaml": patch}
        write_bundle(options.bundle, bundle_files(diagnosis, given))
        say(f"wrote {click.format_filename(options.bundle)}")
    try:
        if options.format == "json":
            click.echo(encoded, nl=False)
        else:  # the patch has stdout for itself, so that it can go into a file as it is
            click.echo(text, nl=False, err=options.suggest)
            click.echo(patch if options.suggest else "", nl=False)
    except OSError as error:
        raise OutputError(f"standard output: cannot write the diagnosis: {error.strerror}") from None


def _home() -> Path:
    """Return the user's home folder; the working folder for a user who has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path()
