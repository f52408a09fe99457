/**
 * The part of Windows' cmd.exe that the library's batch scripts use, for machines that have none.
 *
 * Knows `@`, `@echo off`, %NAME%, quotation marks, `||`, `> FILE`, `2>nul` and `exit /b N`. Whatever
 * else means something to cmd is refused, so that a script cannot pass here and fail there. As in
 * cmd, %NAME% is put in before the line is read, so what a value holds counts as script.
 */
class Cmd {
    static final String REFUSED = '&|<>()^!;,='
    static final int UNKNOWN_COMMAND = 9009

    final Closure<Program> prepare // gives a fresh process to run
    final StringBuilder log = new StringBuilder()

    Cmd(Closure<Program> prepare) {
        this.prepare = prepare
    }

    int run(String script) {
        int level = 0
        for (String line : script.readLines()) {
            String text = expand(line.trim()).replaceFirst('^@', '').trim()
            if (!text || text == 'echo off') {
                continue
            }
            for (List<String> words : alternatives(text)) {
                if (words.take(2)*.toLowerCase() == ['exit', '/b']) {
                    return words[2] as int
                }
                level = start(words)
                if (level == 0) {
                    break
                }
            }
        }
        return level
    }

    private String expand(String line) {
        Map<String, String> known = new TreeMap(String.CASE_INSENSITIVE_ORDER)
        known.putAll(prepare().environ)
        return line.replaceAll(/%([A-Za-z0-9_]*)%/) { whole, name -> name ? known[name] ?: '' : '%' }
    }

    /** Splits at `||`, then into words; a redirection is a word that starts with > or 2>. */
    private static List<List<String>> alternatives(String text) {
        List<List<String>> commands = [[]]
        boolean quoted = false
        String word = ''
        def end = { if (word) { commands.last().add(word) }; word = '' }
        for (int at = 0; at < text.length(); at++) {
            String character = text[at]
            if (character == '"') {
                quoted = !quoted
                word += character
            } else if (quoted) {
                word += character
            } else if (character == ' ') {
                if (!(word in ['>', '2>'])) { end() }
            } else if (text.startsWith('||', at)) {
                end()
                commands.add([])
                at += 1
            } else if (character == '>' && word in ['', '2']) {
                word += character
            } else if (REFUSED.contains(character) && !text.substring(at).startsWith('==')
                    && !(character == '=' && text[at - 1] == '=')) {
                throw new HarnessError("this harness's cmd does not know $character in: $text")
            } else {
                word += character
            }
        }
        if (quoted) {
            throw new HarnessError("a quotation mark is missing in: $text")
        }
        end()
        return commands
    }

    private int start(List<String> words) {
        Program program = prepare()
        List<String> command = []
        for (String raw : words) {
            String word = raw.replace('"', '')
            if (word == '2>nul') {
                program.quiet = true
            } else if (word.startsWith('>')) {
                program.output = new File(local(word.substring(1)))
            } else if (word.startsWith('2>')) {
                throw new HarnessError("this harness's cmd does not know $word")
            } else {
                command.add(local(word))
            }
        }
        String found = find(command[0], program.environ)
        if (found == null) {
            if (program.output) {
                program.output.text = ''
            }
            log << (program.quiet ? '' : "'${command[0]}' is not recognized as an internal or external command,\n")
            return UNKNOWN_COMMAND
        }
        int level = program.run([found] + command.drop(1))
        log << program.log
        return level
    }

    /** A Windows path as this machine writes it. */
    static String local(String word) {
        return word.replace('\\', '/')
    }

    private static String find(String name, Map<String, String> environ) {
        if (name.contains('/')) {
            return new File(name).canExecute() ? name : null
        }
        return (environ.PATH ?: '').split(File.pathSeparator).collect { new File(it, name) }
            .find { it.file && it.canExecute() }?.path
    }
}
