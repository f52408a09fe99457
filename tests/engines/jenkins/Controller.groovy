import java.nio.file.Files
import org.codehaus.groovy.control.CompilerConfiguration

/** Loads a Jenkinsfile and the library it asks for, and runs one build of it. */
class Controller {
    final Build build
    final Steps steps
    final Map<String, Script> globals = [:] // the library's vars/, by name
    final GroovyShell shell

    Controller(Map given) {
        build = new Build(given)
        steps = new Steps(build, this)
        Map names = [env: new Env(build), currentBuild: new CurrentBuild(build), params: given.params, scm: [$class: 'GitSCM']]
        CompilerConfiguration settings = new CompilerConfiguration(scriptBaseClass: 'PipelineScript', sourceEncoding: 'UTF-8')
        shell = new GroovyShell(getClass().classLoader, new Binding(names + [controller_: this]), settings)
    }

    Map run() {
        String text = new File(build.given.jenkinsfile).getText('UTF-8')
        try {
            // The annotation form does at compile time what the step does.
            shell.evaluate(text.replaceAll(/(?m)^@Library\('([^']+)'\)\s*_\s*$/, "library('\$1')"), 'Jenkinsfile')
        } catch (HarnessError unknown) {
            throw unknown
        } catch (Throwable problem) { // before or outside pipeline {}
            build.say("ERROR: $problem")
            build.worsen('FAILURE')
        }
        build.say("Finished: ${build.result ?: 'SUCCESS'}")
        return build.told()
    }

    /** Makes a library's vars/ known; without a retriever it is one that the controller is set up with. */
    void load(Object identifier, Object libraryPath) {
        File root = new File(build.given.root)
        File folder = new File(root, (libraryPath ?: 'pipelines/jenkins/').toString())
        if (folder.path.contains('..') || !new File(folder, 'vars').directory) {
            throw new AbortException("Library path does not contain src or vars directories: $libraryPath")
        }
        folder.eachFileRecurse { file ->
            if (Files.isSymbolicLink(file.toPath())) {
                throw new AbortException("Library $identifier contains a symbolic link: $file")
            }
        }
        new File(folder, 'vars').eachFileMatch(~/.*\.groovy/) { file ->
            globals[file.name - '.groovy'] = shell.parse(file)
        }
        build.say("Loading library $identifier")
    }

    Object call(String name, List arguments) {
        if (globals.containsKey(name)) {
            return globals[name].call(*arguments)
        }
        if (name == 'pipeline') {
            return new Declarative(this).run((Closure) arguments[0])
        }
        return steps.invoke(name, arguments)
    }

    Object property(String name) {
        if (globals.containsKey(name)) {
            return globals[name]
        }
        String value = build.environ()[name]
        if (value == null) {
            throw new MissingPropertyException("No such property: $name")
        }
        return value
    }
}
