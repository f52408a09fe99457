import groovy.transform.CompileStatic
import java.util.concurrent.TimeUnit
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

/** Runs one real process, bounded in time; a stopped one is asked by SIGTERM, as an agent does. */
@CompileStatic
class Program {
    static final int LONGEST_SECONDS = 120
    static final int GRACE_SECONDS = 20

    final File folder
    final Map<String, String> environ
    String interruptAt // what the script has to say before somebody stops it; null for never
    File output // where standard output goes, if not into the log
    boolean quiet = false // whether errors are thrown away
    String log = ''

    Program(File folder, Map<String, String> environ) {
        this.folder = folder
        this.environ = environ
    }

    int run(List<String> command) {
        File errors = File.createTempFile('harness', '.log')
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder)
        builder.environment().clear()
        builder.environment().putAll(environ)
        builder.redirectInput(new File('/dev/null'))
        builder.redirectError(errors)
        if (output == null) {
            builder.redirectErrorStream(true)
            builder.redirectOutput(errors)
        } else {
            builder.redirectOutput(output)
        }
        try {
            return finish(builder.start(), errors)
        } finally {
            log = quiet ? '' : errors.getText('UTF-8')
            errors.delete()
        }
    }

    private int finish(Process process, File errors) {
        if (interruptAt != null && hasSaid(process, errors)) {
            process.destroy()
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly()
                throw new HarnessError('a stopped script did not end within the time that Jenkins gives it')
            }
            throw new FlowInterruptedException()
        }
        if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly()
            throw new HarnessError('a script took too long')
        }
        return process.exitValue()
    }

    private boolean hasSaid(Process process, File errors) {
        for (int look = 0; look < 10 * LONGEST_SECONDS && process.isAlive(); look++) {
            if (errors.getText('UTF-8').contains(interruptAt)) {
                return true
            }
            Thread.sleep(100)
        }
        return false
    }
}
