"""What may stand in gate.yml, what the environment adds, and what a person is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.config import Config, check_everything, load_config, read_config
from gate.config_schema import SCHEMA, problems
from gate.core.model import Environment
from gate.errors import ConfigError

DESIGNED = """
environments:
  staging:
    focus_server: https://10.10.10.100/focus-server
    verify_tls: false
    timeout: 5s
    dependencies: ["amqp://rabbitmq-panda:5672", "mongodb://mongodb:27017"]
  kefar_saba: {focus_server: "https://lab.example/focus-server"}
default_environment: staging
protect: ["configure*", "load*"]
requests: ["POST /configure", "POST /config/*"]
tests:
  names: ["test_configure_*"]
  markers: ["load", "performance"]
steadiness: {open_after: 3, close_after: 2, steady_for: 60s}
state: sqlite:///.gate/state.db
fleet:
  - {provider: github, url: "https://api.github.com", token: "${GITHUB_TOKEN}", owner: acme, projects: ["*"]}
  - {provider: gitlab, url: "https://gitlab.example.com", token: "${GITLAB_TOKEN}", group: lab}
  - {provider: jenkins, url: "https://j.example", user: "${J_USER}", token: "${J_TOKEN}"}
notify: ["${SLACK_URL}"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gate.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_config(written(folder, text)).environment(None, {})
    return str(caught.value)


def test_the_designed_file_is_good(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, DESIGNED))
    assert config.environment(None, {}) == Environment(
        name="staging",
        focus_server="https://10.10.10.100/focus-server",
        verify_tls=False,
        timeout=5.0,
        dependencies=("amqp://rabbitmq-panda:5672", "mongodb://mongodb:27017"),
    )
    assert config.environment("kefar_saba", {}).verify_tls is True
    assert config.state == "sqlite:///.gate/state.db"
    assert config.test_names == ("test_configure_*",)
    assert config.test_markers == ("load", "performance")


def test_where_the_file_is_silent_the_documented_defaults_hold(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, "environments: {lab: {focus_server: 'http://127.0.0.1'}}"))
    assert config.environment(None, {}) == Environment(name="lab", focus_server="http://127.0.0.1")
    assert config.protect == ("configure*", "load*")
    assert config.state is None
    assert config.requests == ("POST /configure", "POST /config/*")
    assert config.test_names == config.test_markers == ()


def test_a_gate_step_needs_no_variable_that_only_the_fleet_uses(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, DESIGNED)).environment(None, {}).name == "staging"


def test_checking_everything_names_each_variable_that_is_missing(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, DESIGNED))
    found = "\n".join(check_everything(config, {"GITHUB_TOKEN": "t", "J_USER": "u", "J_TOKEN": "t"}))
    assert "fleet[1].token: ${GITLAB_TOKEN} is not set" in found
    assert "notify[0]: ${SLACK_URL} is not set" in found
    complete = dict.fromkeys(["GITHUB_TOKEN", "GITLAB_TOKEN", "J_USER", "J_TOKEN", "SLACK_URL"], "x")
    assert check_everything(config, complete) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("environmets: {}", "environmets: unknown key; did you mean environments?", id="key"),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', timout: 5s}}",
            "environments.lab.timout: unknown key; did you mean timeout?",
            id="nested key",
        ),
        pytest.param("zebra: 1", "zebra: unknown key; known here are environments,", id="no near key"),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', timeout: 5}}",
            "environments.lab.timeout: expected a duration such as 5s or 10m, found 5",
            id="number for a duration",
        ),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', timeout: 5 s}}",
            'environments.lab.timeout: expected a duration such as 5s or 10m, found "5 s"',
            id="no duration",
        ),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', timeout: 0s}}",
            "environments.lab.timeout: expected more than 0s and at most 60s, found 0s",
            id="timeout zero",
        ),
        pytest.param(
            "protect: configure*", 'protect: expected a list, found "configure*"', id="text for a list"
        ),
        pytest.param(
            "protect: []", "protect: expected at least one entry, found none", id="nothing protected"
        ),
        pytest.param("protect: [1]", "protect[0]: expected text, found 1", id="number in a list"),
        pytest.param("environments: []", "environments: expected keys with values, found a list", id="list"),
        pytest.param("environments: {}", "environments: expected at least one entry", id="no lab"),
        pytest.param(
            "environments: {lab: {}}", "environments.lab.focus_server: missing; expected text", id="missing"
        ),
        pytest.param(
            "environments: {1: {focus_server: x}}", "environments.1: expected a text key", id="key kind"
        ),
        pytest.param(
            "environments: {'a b': {focus_server: 'http://x'}}",
            "environments: expected a name of letters, digits, '_', '-' and '.', found \"a b\"",
            id="name",
        ),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', verify_tls: 1}}",
            "environments.lab.verify_tls: expected true or false or text, found 1",
            id="verify_tls",
        ),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x', verify_tls: no/such.pem}}",
            'environments.lab.verify_tls: expected true, false or the path of a CA bundle; there is no "',
            id="bundle",
        ),
        pytest.param(
            "environments: {lab: {focus_server: 10.10.10.100/focus-server}}",
            "environments.lab.focus_server: expected a URL such as https://10.10.10.100/focus-server, "
            'found "10.10.10.100/focus-server" (it has no scheme http:// or https://)',
            id="no scheme",
        ),
        pytest.param("environments: {lab: {focus_server: 'http:///x'}}", "(it names no host)", id="no host"),
        pytest.param(
            "environments: {lab: {focus_server: 'http://x:port'}}", "focus_server: expected a URL", id="port"
        ),
        pytest.param("environments: {lab: {focus_server: 'http://x?a=b'}}", "with a query", id="query"),
        pytest.param(
            "environments: {lab: {focus_server: 'http://${LAB_HOST}/x'}}",
            "environments.lab.focus_server: ${LAB_HOST} is not set in the environment",
            id="variable",
        ),
        pytest.param(
            "environments: {a: {focus_server: 'http://a'}, b: {focus_server: 'http://b'}}",
            "default_environment: missing; name one of a, b",
            id="which lab",
        ),
        pytest.param(
            "environments: {a: {focus_server: 'http://a'}}\ndefault_environment: b",
            "unknown environment 'b'; known are a",
            id="default unknown",
        ),
        pytest.param("fleet: [{provider: github}]", "fleet[0].url: missing", id="fleet"),
        pytest.param(
            "fleet: [{provider: svn, url: 'http://x'}]",
            'fleet[0].provider: expected one of github, gitlab, jenkins, found "svn"',
            id="provider",
        ),
        pytest.param(
            "steadiness: {open_after: 0}", "steadiness.open_after: expected at least 1, found 0", id="minimum"
        ),
        pytest.param("steadiness: {open_after: true}", "expected a whole number, found true", id="boolean"),
        pytest.param("state: state.db", "state: expected text such as sqlite:///.gate/state.db", id="state"),
        pytest.param("- a", "the file: expected keys with values, found a list", id="a list"),
        pytest.param("a: [", "line 1, column 5", id="not YAML"),
        pytest.param("a: 1\na: 2", "line 2, column 1: the key 'a' is given twice", id="twice"),
        pytest.param("a: 2025-13-45", "is not YAML that can be read", id="impossible date"),
        pytest.param("[" * 2000, "gate.yml", id="nested"),
        pytest.param(
            "!!python/object/apply:os.system ['true']", "could not determine a constructor", id="object"
        ),
    ],
)
def test_a_wrong_file_is_told_by_file_key_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    said = refusal(tmp_path, text)
    assert message in said
    assert all(line.startswith(str(tmp_path / "gate.yml")) for line in said.splitlines())


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "protct: []\nenvironments: {lab: {focus_server: 'http://x', timeout: 5}}")
    assert len(said.splitlines()) == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.yml: cannot be read: No such file"):
        load_config(str(tmp_path / "no.yml"), {})
    (tmp_path / "bytes.yml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match=r"bytes\.yml: expected UTF-8 text, found other bytes at offset 3"):
        load_config(str(tmp_path / "bytes.yml"), {})


def test_an_unknown_environment_lists_the_known_ones(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, DESIGNED))
    with pytest.raises(ConfigError, match="unknown environment 'stagin'; known are staging, kefar_saba"):
        config.environment("stagin", {})


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    said = refusal(tmp_path, "environments: {lab: {focus_server: 'ftp://user:geheim@lab.example/x'}}")
    assert "geheim" not in said


class TestEnvironmentAlone:
    """Everything that a pipeline needs can come from variables."""

    def test_one_variable_is_enough(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        environ = {"GATE_FOCUS_SERVER": "http://127.0.0.1:8500"}
        environment = load_config(None, environ).environment(None, environ)
        assert environment == Environment(name="lab", focus_server="http://127.0.0.1:8500")

    def test_name_and_tls_come_from_variables_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        bundle = written(tmp_path, "certificate")
        bundle.rename(tmp_path / "ca.pem")
        environ = {
            "GATE_FOCUS_SERVER": "https://lab.example",
            "GATE_ENVIRONMENT": "kefar_saba",
            "GATE_VERIFY_TLS": "ca.pem",
        }
        environment = load_config(None, environ).environment(None, environ)
        assert (environment.name, environment.verify_tls) == ("kefar_saba", "ca.pem")

    @pytest.mark.parametrize(
        ("word", "meant"), [("false", False), ("0", False), ("No", False), ("TRUE", True)]
    )
    def test_words_switch_tls_verification(self, word: str, meant: bool) -> None:
        environ = {"GATE_FOCUS_SERVER": "https://lab.example", "GATE_VERIFY_TLS": word}
        assert Config(source="the environment").environment(None, environ).verify_tls is meant

    def test_without_anything_the_message_says_what_to_set(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigError, match="set GATE_FOCUS_SERVER to the lab's address"):
            load_config(None, {"GATE_FOCUS_SERVER": ""})

    @pytest.mark.parametrize("name", ["a b", "a\nb", "::error::x", "x" * 101])
    def test_a_name_that_could_break_out_is_refused(self, name: str) -> None:
        environ = {"GATE_FOCUS_SERVER": "https://lab.example"}
        with pytest.raises(ConfigError, match="expected a name of letters"):
            Config(source="the environment").environment(name, environ)

    def test_an_address_without_a_scheme_names_the_variable(self) -> None:
        environ = {"GATE_FOCUS_SERVER": "10.10.10.100/focus-server"}
        with pytest.raises(ConfigError, match=r"^GATE_FOCUS_SERVER: expected a URL"):
            Config(source="the environment").environment(None, environ)


class TestFileAndEnvironmentTogether:
    """A variable goes before the file; the command line goes before both."""

    def test_variables_win(self, tmp_path: Path) -> None:
        config = read_config(written(tmp_path, DESIGNED))
        environ = {"GATE_FOCUS_SERVER": "http://127.0.0.1:8500", "GATE_VERIFY_TLS": "true"}
        environment = config.environment(None, environ)
        assert (environment.focus_server, environment.verify_tls) == ("http://127.0.0.1:8500", True)

    def test_the_command_line_chooses_before_the_variable(self, tmp_path: Path) -> None:
        config = read_config(written(tmp_path, DESIGNED))
        environ = {"GATE_ENVIRONMENT": "kefar_saba"}
        assert config.environment(None, environ).name == "kefar_saba"
        assert config.environment("staging", environ).name == "staging"

    def test_a_forwarded_port_can_be_named_as_the_same_lab(self, tmp_path: Path) -> None:
        text = "environments: {lab: {focus_server: 'http://x', aliases: ['http://localhost:8500']}}"
        config = read_config(written(tmp_path, text))
        assert config.environment(None, {}).aliases == ("http://localhost:8500",)
        given = {"GATE_FOCUS_ALIASES": "http://localhost:1, http://localhost:2/x"}
        assert config.environment(None, given).aliases == ("http://localhost:1", "http://localhost:2/x")
        with pytest.raises(ConfigError, match="GATE_FOCUS_ALIASES: expected a URL"):
            config.environment(None, {"GATE_FOCUS_ALIASES": "localhost:8500"})

    def test_the_file_in_the_working_folder_goes_before_gate_config(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = tmp_path / "other.yml"
        other.write_text("environments: {other: {focus_server: 'http://other'}}", encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        environ = {"GATE_CONFIG": str(other)}
        assert load_config(None, environ).environment(None, environ).name == "other"
        written(tmp_path, DESIGNED)
        assert load_config(None, environ).environment(None, environ).name == "staging"

    def test_a_value_from_a_variable_is_checked_like_any_other(self, tmp_path: Path) -> None:
        text = "environments: {lab: {focus_server: 'http://${HOST}/x', timeout: '${T}'}}"
        config = read_config(written(tmp_path, text))
        assert config.environment(None, {"HOST": "lab.example", "T": "2s"}).timeout == 2.0
        with pytest.raises(ConfigError, match=r"lab\.timeout: expected a duration .*found \"soon\""):
            config.environment(None, {"HOST": "lab.example", "T": "soon"})

    def test_a_bundle_is_looked_for_beside_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text("certificate", encoding="utf-8")
        config = read_config(
            written(tmp_path, "environments: {lab: {focus_server: 'https://x', verify_tls: ca.pem}}")
        )
        assert config.environment(None, {}).verify_tls == str(tmp_path / "ca.pem")


def test_the_schema_is_itself_good() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


_KEYS = st.sampled_from(
    [
        "environments",
        "protect",
        "timeout",
        "focus_server",
        "lab",
        "steadiness",
        "open_after",
        "x",
        "fleet",
        "provider",
        "url",
        "verify_tls",
        "state",
        "tests",
        "names",
        "requests",
        "notify",
    ]
)
_VALUES = st.sampled_from(
    [None, True, 0, 3, 1.5, "", "5s", "http://x", "POST /x", "github", "sqlite:///x", "${X}", "amqp://x", "x"]
)
_DOCUMENTS = st.recursive(
    _VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=10,
)


def changed(document: Any, path: list[int], value: Any) -> Any:
    """Return a copy of the document in which one place holds another value."""
    if not path or not isinstance(document, dict | list) or not document:
        return value
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    chosen = keys[path[0] % len(keys)]
    copy = document.copy()
    copy[chosen] = changed(document[chosen], path[1:], value)
    return copy


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(path=st.lists(st.integers(0, 9), max_size=4), value=_DOCUMENTS)
def test_our_reading_of_the_schema_agrees_with_the_reference(path: list[int], value: Any) -> None:
    document = changed(yaml.safe_load(DESIGNED), path, value)
    ours = not list(problems(document))
    assert ours == jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
