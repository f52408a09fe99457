"""What do parameters, causes and interruptions show of themselves?

Their visibility grows with their depth, so that a build's or a queue item's parameters and
causes are seen without a tree, and who has interrupted a build is not (source of core, read
2026-11-24).
"""

from __future__ import annotations

from gate.sandbox.jenkins.export import Bean, Field
from gate.sandbox.jenkins.model import Cause, Parameter


def parameters_action(parameters: tuple[Parameter, ...]) -> list[Bean]:
    """Return the action that carries parameters, where there are any."""
    if not parameters:
        return []
    fields = (Field("parameters", lambda _, values: [*map(_parameter, values)], 2),)
    return [Bean("hudson.model.ParametersAction", fields, parameters)]


def cause_action(causes: tuple[Cause, ...]) -> list[Bean]:
    """Return the action that says why."""
    if not causes:
        return []
    fields = (Field("causes", lambda _, values: [*map(_cause, values)], 2),)
    return [Bean("hudson.model.CauseAction", fields, causes)]


def interrupted_action(users: list[str]) -> list[Bean]:
    """Return the action that says who has stopped a build, where someone has."""
    return [Bean("jenkins.model.InterruptedBuildAction", _INTERRUPTED, users)] if users else []


def definitions(parameters: tuple[Parameter, ...]) -> list[Bean]:
    """Return the property of a job that defines its parameters, where there are any."""
    if not parameters:
        return []
    fields = (Field("parameterDefinitions", lambda _, values: [*map(_definition, values)]),)
    return [Bean("hudson.model.ParametersDefinitionProperty", fields, parameters)]


def _parameter(parameter: Parameter) -> Bean:
    # A password's value is not exported at all, hence not recoverable.
    if parameter.secret:
        return Bean("hudson.model.PasswordParameterValue", _NAME, parameter)
    return Bean("hudson.model.StringParameterValue", _NAME_VALUE, parameter)


def _cause(cause: Cause) -> Bean:
    if cause.user:
        return Bean("hudson.model.Cause$UserIdCause", _USER_CAUSE, cause)
    if cause.upstream:
        return Bean("hudson.model.Cause$UpstreamCause", _UPSTREAM_CAUSE, cause)
    if cause.replayed:
        return Bean("org.jenkinsci.plugins.workflow.cps.replay.ReplayCause", _REPLAY_CAUSE, cause)
    return Bean("hudson.triggers.TimerTrigger$TimerTriggerCause", _TIMER_CAUSE, cause)


def _definition(parameter: Parameter) -> Bean:
    kind = "PasswordParameterDefinition" if parameter.secret else "StringParameterDefinition"
    return Bean(f"hudson.model.{kind}", _DEFINITION, parameter)


def _interruptions(users: list[str]) -> list[Bean]:
    klass = "jenkins.model.CauseOfInterruption$UserInterruption"
    words = (Field("shortDescription", lambda _, who: f"Aborted by {who}"),)
    return [Bean(klass, words, who) for who in users]


_NAME = (Field("name", lambda _, p: p.name, 3),)
_NAME_VALUE = (*_NAME, Field("value", lambda _, p: p.value, 3))
_DEFINITION = (
    Field(
        "defaultParameterValue",
        lambda _, p: Bean("hudson.model.StringParameterValue", _NAME_VALUE, p) if not p.secret else None,
    ),
    Field("description", lambda _, __: ""),
    Field("name", lambda _, p: p.name),
    Field("type", lambda _, p: "PasswordParameterDefinition" if p.secret else "StringParameterDefinition"),
)
_TIMER_CAUSE = (Field("shortDescription", lambda _, __: "Started by timer", 3),)
_REPLAY_CAUSE = (Field("shortDescription", lambda _, c: f"Replayed #{c.replayed:,}", 3),)
_USER_CAUSE = (
    Field("shortDescription", lambda _, c: f"Started by user {c.user}", 3),
    Field("userId", lambda _, c: c.user, 3),
    Field("userName", lambda _, c: c.user, 3),
)
_UPSTREAM_CAUSE = (
    Field(
        "shortDescription",
        lambda _, c: f'Started by upstream project "{c.upstream}" build number {c.upstream_build}',
        3,
    ),
    Field("upstreamBuild", lambda _, c: c.upstream_build, 3),
    Field("upstreamProject", lambda _, c: c.upstream, 3),
    Field("upstreamUrl", lambda _, c: c.upstream_url, 3),
)
# Visible from the level below on: not at depth 0.
_INTERRUPTED = (Field("causes", lambda _, users: _interruptions(users)),)
