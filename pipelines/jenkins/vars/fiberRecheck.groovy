// One tick of the readiness recheck. The options are in fiberRecheck.txt.

import groovy.transform.Field

@Field final String VERSION = '0.1.0'

// Fails the build where the tick was not done, or only in part; how the labs are fails nothing.
def call(Map options = [:]) {
    checkOptions(options)
    String separator = isUnix() ? '/' : '\\'
    String prefix = pwd(tmp: true) + separator + 'fiber-recheck' + separator
    List values = [
        'FIBER_GATE_DIR=' + prefix.substring(0, prefix.length() - 1),
        'FIBER_GATE_VERSION=' + VERSION,
        'FIBER_GATE_CONFIG=' + (options.config ?: 'gate.yml'),
        'FIBER_GATE_SWEEP=' + (options.sweep == false ? '--no-sweep' : ''),
    ]
    int code = -1
    withEnv(values) {
        String program = hasOwnGate(prefix) ? 'gate' : installGate(prefix)
        withEnv(['FIBER_GATE_PROGRAM=' + program]) {
            // FIBER_GATE_SWEEP is one of two words of ours, and nothing where it is empty.
            code = run('Recheck',
                'exec "$FIBER_GATE_PROGRAM" --config "$FIBER_GATE_CONFIG" recheck $FIBER_GATE_SWEEP',
                '@"%FIBER_GATE_PROGRAM%" --config "%FIBER_GATE_CONFIG%" recheck %FIBER_GATE_SWEEP%')
        }
    }
    if (code != 0) {
        error('gate recheck ended with exit code ' + code + ': ' +
            (code == 1 ? 'a part was not done, see the console' : 'see the console') + '; nothing has opened')
    }
}

// Whether PATH has a gate of this library's own version, as self-hosted agents may.
boolean hasOwnGate(String prefix) {
    writeFile(file: prefix + 'version.txt', text: '')
    int code = run('Look for gate',
        'gate --version > "$FIBER_GATE_DIR/version.txt" 2>/dev/null',
        '@gate --version > "%FIBER_GATE_DIR%\\version.txt" 2>nul')
    return code == 0 && readFile(file: prefix + 'version.txt', encoding: 'UTF-8').trim() == 'gate ' + VERSION
}

// Installs gate with all that a fleet takes, once an agent and version, and returns the program's path.
String installGate(String prefix) {
    String folder = prefix + 'venv-' + VERSION
    String program = folder + (isUnix() ? '/bin/gate' : '\\Scripts\\gate.exe')
    if (fileExists(program)) {
        return program
    }
    echo('fiberRecheck: no gate ' + VERSION + ' on PATH; installing it')
    int code = 0
    withEnv(['FIBER_GATE_VENV=' + folder]) {
        code = run('Install gate',
            'python3 -m venv --clear "$FIBER_GATE_VENV" && "$FIBER_GATE_VENV/bin/python" -m pip install --quiet --disable-pip-version-check "fiber-gate[all]==$FIBER_GATE_VERSION"',
            '@py -3 -m venv --clear "%FIBER_GATE_VENV%" || python -m venv --clear "%FIBER_GATE_VENV%" || exit /b 1\r\n' +
            '@"%FIBER_GATE_VENV%\\Scripts\\python.exe" -m pip install --quiet --disable-pip-version-check fiber-gate[all]==%FIBER_GATE_VERSION%')
    }
    if (code != 0) {
        error('fiber-gate ' + VERSION + ' could not be installed (exit code ' + code + '): Python 3.11 or later ' +
            'and a package index are needed, or a gate of this version on PATH; nothing was rechecked')
    }
    return program
}

// Runs a script and returns its exit code: on Windows by bat, elsewhere by sh.
int run(String label, String unixScript, String windowsScript) {
    if (isUnix()) {
        return sh(label: label, script: unixScript, returnStatus: true, encoding: 'UTF-8')
    }
    return bat(label: label, script: windowsScript, returnStatus: true, encoding: 'UTF-8')
}

void checkOptions(Map options) {
    for (String name : options.keySet()) {
        if (!['config', 'sweep'].contains(name)) {
            error('fiberRecheck: unknown option ' + name + '; known are config, sweep')
        }
    }
    if (options.sweep != null && !(options.sweep instanceof Boolean)) {
        error('fiberRecheck: sweep is true or false, not ' + options.sweep)
    }
}
