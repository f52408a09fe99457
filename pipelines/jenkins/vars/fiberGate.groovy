// Holds configure and load stages back while the lab has no fibre. The options are in fiberGate.txt.
//
// Only exit code 0 together with open=true opens. Whatever else happens, env.GATE_OPEN is 'false':
// it is written before the lab is asked, so that a gate which dies leaves nothing that opens.

import com.cloudbees.groovy.cps.NonCPS
import groovy.transform.Field

@Field final String VERSION = '0.1.0'
@Field final String SEVERAL = 'several labs'
@Field int questions = 0

// The gate step: asks, records, says why, and when closed marks its stage. Returns whether it is open.
def call(Map options = [:]) {
    checkOptions(options, ['environment', 'focusServer', 'wait', 'verifyTls', 'label', 'onClosed'])
    Map verdict = settle(options)
    if (verdict.open) {
        return true
    }
    String message = 'gate closed: ' + verdict.reason
    if (options.onClosed == 'fail') {
        error(message)
    }
    // Yellow, not green: a build without its load tests is no pass. Not NOT_BUILT for the build: that
    // is worse than FAILURE, so a failing unit test would no longer show. An abort passes through.
    catchError(buildResult: 'UNSTABLE', stageResult: 'NOT_BUILT', catchInterruptions: false) {
        error(message)
    }
    return false
}

// The predicate for `when { beforeAgent true; expression { fiberGate.isOpen() } }`. Believes the
// verdict of this very build only; after a restart from a later stage there is none, so it asks.
boolean isOpen(Map options = [:]) {
    checkOptions(options, ['environment', 'focusServer', 'wait', 'verifyTls', 'label'])
    if (isRecorded(options)) {
        return env.GATE_OPEN == 'true'
    }
    return settle(options).open
}

// Asks on this node, or on one of its own where the pipeline holds none.
Map settle(Map options) {
    String question = questionOf(options)
    record([open: false, state: 'unknown', code: '', reason: 'no verdict yet'], question)
    Map verdict = [:]
    if (env.WORKSPACE) {
        verdict = ask(options)
    } else {
        node(options.label ?: '') {
            verdict = ask(options)
        }
    }
    record(verdict, question)
    describe(verdict.description)
    if (verdict.problem) {
        error(verdict.problem + '; the gate stays closed')
    }
    return verdict
}

Map ask(Map options) {
    questions += 1
    String separator = isUnix() ? '/' : '\\'
    String folder = pwd(tmp: true) + separator + 'fiber-gate-' + questions
    writeFile(file: folder + separator + 'verdict.txt', text: '')
    int code = -1
    withEnv(settings(options, folder)) {
        String program = hasOwnGate(folder + separator) ? 'gate' : installGate(folder + separator)
        withEnv(['FIBER_GATE_PROGRAM=' + program]) {
            code = run('Ask the lab',
                'exec "$FIBER_GATE_PROGRAM" check --format jenkins --wait "$FIBER_GATE_WAIT" --output-dir "$FIBER_GATE_DIR" > "$FIBER_GATE_DIR/verdict.txt"',
                '@"%FIBER_GATE_PROGRAM%" check --format jenkins --wait %FIBER_GATE_WAIT% --output-dir "%FIBER_GATE_DIR%" > "%FIBER_GATE_DIR%\\verdict.txt"')
        }
    }
    Map verdict = judge(code, code < 0 ? '' : readFile(file: folder + separator + 'verdict.txt', encoding: 'UTF-8'))
    if (code >= 0) {
        publish(folder)
        discard(folder + separator + 'venv')
    }
    return verdict
}

// Every value reaches the script by its environment: nothing of it becomes script text.
List settings(Map options, String folder) {
    List values = [
        'FIBER_GATE_DIR=' + folder,
        'FIBER_GATE_VERSION=' + VERSION,
        'FIBER_GATE_WAIT=' + (options.wait ?: '0s'),
    ]
    if (options.environment) {
        values.add('GATE_ENVIRONMENT=' + options.environment)
    }
    if (options.focusServer) {
        values.add('GATE_FOCUS_SERVER=' + options.focusServer)
    }
    if (options.verifyTls != null) {
        values.add('GATE_VERIFY_TLS=' + options.verifyTls)
    }
    return values
}

// Whether PATH has a gate of this library's own version, as self-hosted agents may.
boolean hasOwnGate(String prefix) {
    writeFile(file: prefix + 'version.txt', text: '')
    int code = run('Look for gate',
        'gate --version > "$FIBER_GATE_DIR/version.txt" 2>/dev/null',
        '@gate --version > "%FIBER_GATE_DIR%\\version.txt" 2>nul')
    return code == 0 && readFile(file: prefix + 'version.txt', encoding: 'UTF-8').trim() == 'gate ' + VERSION
}

// Installs gate into a throw-away environment and returns the path of the program.
String installGate(String prefix) {
    echo('fiberGate: no gate ' + VERSION + ' on PATH; installing it for this step')
    int code = run('Install gate',
        'python3 -m venv --clear "$FIBER_GATE_DIR/venv" && "$FIBER_GATE_DIR/venv/bin/python" -m pip install --quiet --disable-pip-version-check "fiber-gate==$FIBER_GATE_VERSION"',
        '@py -3 -m venv --clear "%FIBER_GATE_DIR%\\venv" || python -m venv --clear "%FIBER_GATE_DIR%\\venv" || exit /b 1\r\n' +
        '@"%FIBER_GATE_DIR%\\venv\\Scripts\\python.exe" -m pip install --quiet --disable-pip-version-check fiber-gate==%FIBER_GATE_VERSION%')
    if (code != 0) {
        describe('gate closed: it could not be installed')
        error('fiber-gate ' + VERSION + ' could not be installed (exit code ' + code + '): Python 3.11 or later ' +
            'and a package index are needed, or a gate of this version on PATH; the gate stays closed')
    }
    return prefix + (isUnix() ? 'venv/bin/gate' : 'venv\\Scripts\\gate.exe')
}

// Runs a script and returns its exit code: on Windows by bat, elsewhere by sh.
int run(String label, String unixScript, String windowsScript) {
    if (isUnix()) {
        return sh(label: label, script: unixScript, returnStatus: true, encoding: 'UTF-8')
    }
    return bat(label: label, script: windowsScript, returnStatus: true, encoding: 'UTF-8')
}

// Returns what exit code and line say together; where they make no verdict, `problem` says why.
@NonCPS
Map judge(int code, String text) {
    String line = text.trim()
    Map said = [:]
    boolean twice = line.contains('\n')
    for (String pair : line.split('\t')) {
        int at = pair.indexOf('=')
        String key = at > 0 ? pair.substring(0, at) : ''
        twice = twice || said.containsKey(key)
        said[key] = pair.substring(at + 1)
    }
    boolean open = code == 0 && said.open == 'true' && said.state == 'ready' && !twice
    boolean closed = (code == 69 || code == 75) && said.open == 'false' && said.state != 'ready' && !twice
    Map verdict = [
        open: open,
        state: open || closed ? said.state ?: 'unknown' : 'unknown',
        code: said.code ?: '',
        reason: said.reason ?: '',
        description: said.description ?: '',
        problem: '',
    ]
    if (open || closed) {
        return verdict
    }
    if (![0, 69, 75].contains(code)) {
        verdict.problem = 'gate ended with exit code ' + code + ', which is no verdict'
    } else if (line.isEmpty()) {
        verdict.problem = 'gate ended with exit code ' + code + ' and said nothing'
    } else {
        verdict.problem = 'gate contradicts itself: exit code ' + code + ', open=' + said.open + ', state=' + said.state
    }
    if (code == 78 && said.open == 'false') {
        verdict.problem += ': ' + verdict.reason
    } else {
        verdict.code = ''
        verdict.reason = verdict.problem
        verdict.description = 'gate closed: exit code ' + code + ' is no verdict, see the console'
    }
    return verdict
}

// Tells the other stages by env.GATE_*, naming the build and the lab that the verdict is for.
void record(Map verdict, String question) {
    boolean other = env.GATE_BUILD == thisBuild() && env.GATE_ASKED && env.GATE_ASKED != question
    env.GATE_OPEN = verdict.open ? 'true' : 'false'
    env.GATE_STATE = verdict.state
    env.GATE_CODE = verdict.code
    env.GATE_REASON = verdict.reason
    env.GATE_BUILD = thisBuild()
    env.GATE_ASKED = other ? SEVERAL : question
    if (env.GATE_OPEN != (verdict.open ? 'true' : 'false') || env.GATE_BUILD != thisBuild()) {
        error('GATE_OPEN or GATE_BUILD is set by withEnv or an environment block, which hides what the gate says; ' +
            'remove it there; the gate stays closed')
    }
}

boolean isRecorded(Map options) {
    if (thisBuild() == '#' || env.GATE_BUILD != thisBuild()) {
        return false
    }
    if (options.environment || options.focusServer) {
        return env.GATE_ASKED == questionOf(options)
    }
    if (env.GATE_ASKED == SEVERAL) {
        error('this build asked several labs; name the one that is meant: fiberGate.isOpen(environment: ...)')
    }
    return true
}

String thisBuild() {
    return (env.JOB_NAME ?: '') + '#' + (env.BUILD_NUMBER ?: '')
}

// Which lab is asked, without the address's user and password.
String questionOf(Map options) {
    String server = options.focusServer ?: env.GATE_FOCUS_SERVER ?: ''
    String name = options.environment ?: env.GATE_ENVIRONMENT ?: 'default'
    return (name + ' ' + server.substring(server.lastIndexOf('@') + 1)).trim()
}

// Adds to the description: what a person or another step wrote stays.
void describe(String text) {
    String before = currentBuild.description ?: ''
    if (text && !before.contains(text)) {
        currentBuild.description = before ? before + ' | ' + text : text
    }
}

// Shows the verdict among the tests; the build's result is not decided here.
void publish(String folder) {
    try {
        dir(folder) {
            junit(testResults: 'gate-junit.xml', allowEmptyResults: true, skipMarkingBuildUnstable: true)
        }
    } catch (NoSuchMethodError missing) {
        echo('fiberGate: note: without the JUnit plugin the reason does not show among the tests')
    }
}

void discard(String folder) {
    try {
        dir(folder) {
            deleteDir()
        }
    } catch (IOException problem) {
        echo('fiberGate: note: ' + folder + ' could not be removed, which the next gate step there does')
    }
}

void checkOptions(Map options, List known) {
    for (String name : options.keySet()) {
        if (!known.contains(name)) {
            error('fiberGate: unknown option ' + name + '; known are ' + known.join(', '))
        }
    }
    if (options.onClosed && !['skip', 'fail'].contains(options.onClosed)) {
        error('fiberGate: onClosed is skip or fail, not ' + options.onClosed)
    }
    if (options.wait && !(options.wait ==~ /([0-9]{1,9}([.][0-9]{1,3})?(ms|s|m|h|d))+/)) {
        error('fiberGate: wait is a duration such as 10m, not ' + options.wait)
    }
}
