import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

/** The pipeline steps that the shipped files use, each with Jenkins' own parameters and effects. */
class Steps {
    static final Map KNOWN = [ // name: [what a lone argument is, the other parameters, whether it needs a node]
        archiveArtifacts: ['artifacts', ['allowEmptyArchive', 'fingerprint'], true],
        bat: ['script', ['returnStatus', 'returnStdout', 'encoding', 'label'], true],
        catchError: ['message', ['buildResult', 'stageResult', 'catchInterruptions'], false],
        deleteDir: [null, [], true],
        dir: ['path', [], true],
        echo: ['message', [], false],
        error: ['message', [], false],
        isUnix: [null, [], true],
        junit: ['testResults', ['allowEmptyResults', 'skipMarkingBuildUnstable'], true],
        legacySCM: ['scm', ['libraryPath'], false],
        library: ['identifier', ['retriever', 'changelog'], false],
        modernSCM: ['scm', ['libraryPath'], false],
        node: ['label', [], false],
        pwd: ['tmp', [], true],
        readFile: ['file', ['encoding'], true],
        script: [null, [], false],
        sh: ['script', ['returnStatus', 'returnStdout', 'encoding', 'label'], true],
        unstable: ['message', [], false],
        withEnv: ['overrides', [], false],
        writeFile: ['file', ['text', 'encoding'], true],
    ]

    final Build build
    final Controller controller

    Steps(Build build, Controller controller) {
        this.build = build
        this.controller = controller
    }

    Object invoke(String name, List arguments) {
        if (!KNOWN.containsKey(name) || build.given.missing.contains(name)) {
            throw new NoSuchMethodError("No such DSL method '$name' found among steps ${KNOWN.keySet()}")
        }
        def (alone, others, needsNode) = KNOWN[name]
        Closure body = arguments && arguments.last() instanceof Closure ? (Closure) arguments.last() : null
        List rest = body == null ? arguments : arguments.init()
        Map given = rest ? (rest[0] instanceof Map ? rest[0] : [(alone): rest[0]]) : [:]
        List unknown = (given.keySet() as List) - others - [alone]
        if (unknown || rest.size() > 1) {
            throw new IllegalArgumentException("Unknown parameter(s) found for '$name': $unknown")
        }
        if (needsNode && !build.depth) {
            throw new IllegalStateException('Attempted to execute a step that requires a node context while ' +
                "'agent none' was specified. Be sure to specify your own 'node { ... }' blocks.")
        }
        return this."step_$name"(given, body)
    }

    def step_echo(Map given, Closure body) { build.say(given.message.toString()) }

    def step_error(Map given, Closure body) { throw new AbortException(given.message.toString()) }

    def step_script(Map given, Closure body) { return body.call() }

    def step_isUnix(Map given, Closure body) { return !build.given.windows }

    def step_unstable(Map given, Closure body) {
        build.say("WARNING: $given.message")
        build.worsen('UNSTABLE')
        build.mark('UNSTABLE')
    }

    /** CatchErrorStep: by default it swallows even a person's stop. */
    def step_catchError(Map given, Closure body) {
        try {
            body.call()
        } catch (FlowInterruptedException stopped) {
            if (given.catchInterruptions == false) {
                throw stopped
            }
            build.worsen('ABORTED')
            build.mark(given.stageResult ?: 'SUCCESS')
        } catch (HarnessError unknown) {
            throw unknown
        } catch (Throwable problem) {
            build.say("ERROR: ${given.message ?: problem.message}")
            build.worsen(given.buildResult ?: 'FAILURE')
            build.mark(given.stageResult ?: 'SUCCESS')
        }
        return null
    }

    def step_withEnv(Map given, Closure body) {
        Map overlay = given.overrides.collectEntries { pair ->
            int at = pair.indexOf('=')
            if (at < 1) {
                throw new IllegalArgumentException("expected NAME=value, found $pair")
            }
            [(pair.substring(0, at).toString()): pair.substring(at + 1).toString()]
        }
        return build.within(overlay, body)
    }

    def step_node(Map given, Closure body) { return build.onNode((given.label ?: '').toString(), body) }

    def step_dir(Map given, Closure body) {
        File before = build.folder
        build.folder = fileAt(given.path)
        try {
            return body.call()
        } finally {
            build.folder = before
        }
    }

    def step_deleteDir(Map given, Closure body) {
        if (build.given.undeletable) {
            throw new IOException("Unable to delete '$build.folder'")
        }
        build.folder.deleteDir()
    }

    def step_pwd(Map given, Closure body) { return given.tmp ? build.given.workspace + '@tmp' : build.folder.path }

    def step_readFile(Map given, Closure body) { return fileAt(given.file).getText(given.encoding ?: 'UTF-8') }

    def step_writeFile(Map given, Closure body) {
        File file = fileAt(given.file)
        file.parentFile.mkdirs()
        file.setText(given.text.toString(), given.encoding ?: 'UTF-8')
    }

    def step_junit(Map given, Closure body) {
        File file = new File(build.folder, given.testResults)
        if (file.exists()) {
            build.junit.add(file.getText('UTF-8'))
        } else if (!given.allowEmptyResults) {
            throw new AbortException('No test report files were found. Configuration error?')
        }
    }

    def step_archiveArtifacts(Map given, Closure body) { build.say("Archiving artifacts $given.artifacts") }

    def step_modernSCM(Map given, Closure body) { return given }

    def step_legacySCM(Map given, Closure body) { return given }

    def step_library(Map given, Closure body) { controller.load(given.identifier, given.retriever?.libraryPath) }

    def step_sh(Map given, Closure body) {
        if (build.given.windows) {
            throw new IOException('Cannot run program "nohup": CreateProcess error=2, The system cannot find the file specified')
        }
        return shell('sh', given) { Program program, String script -> program.run(['sh', '-xe', script]) }
    }

    def step_bat(Map given, Closure body) {
        if (!build.given.windows) {
            throw new IOException('Batch scripts can only be run on Windows nodes')
        }
        return shell('bat', given) { Program program, String script ->
            Cmd cmd = new Cmd({ -> fresh(program) })
            try {
                return cmd.run(new File(script).getText('UTF-8'))
            } finally {
                program.log = cmd.log.toString()
            }
        }
    }

    /** What sh and bat have in common; `start` runs the script file and returns its exit code. */
    private Object shell(String name, Map given, Closure<Integer> start) {
        if (given.script instanceof GString) {
            throw new HarnessError("$name was given an interpolated script: $given.script")
        }
        if (given.returnStatus && given.returnStdout) {
            throw new IllegalArgumentException('you may not use both returnStatus and returnStdout')
        }
        Map fault = build.given.faults.find { given.script.contains(it.contains) } ?: [:]
        if (fault.code != null) {
            return fault.code
        }
        File script = File.createTempFile('script', name == 'sh' ? '.sh' : '.bat')
        script.setText(given.script, 'UTF-8')
        File output = given.returnStdout ? File.createTempFile('stdout', '.txt') : null
        Program program = new Program(build.folder, build.environ())
        program.interruptAt = fault.interrupt_at
        program.output = output
        int code
        try {
            code = start(program, script.path)
        } finally {
            build.log << program.log
            script.delete()
        }
        if (given.returnStatus) {
            return code
        }
        if (code != 0) {
            throw new AbortException("script returned exit code $code")
        }
        return output?.getText('UTF-8')
    }

    private static Program fresh(Program like) {
        Program program = new Program(like.folder, like.environ)
        program.interruptAt = like.interruptAt
        program.output = like.output
        return program
    }

    private File fileAt(Object path) {
        String text = build.given.windows ? Cmd.local(path.toString()) : path.toString()
        File file = new File(text)
        return file.absolute ? file : new File(build.folder, text)
    }
}
