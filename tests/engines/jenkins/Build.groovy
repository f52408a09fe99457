/** What a controller keeps about one build: results that only get worse, environment, stages, log. */
class Build {
    static final List<String> WORSE = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    final Map given // as the driver wrote it
    String result // null until something is set, as in Jenkins
    String description
    final Map<String, String> env = [:] // of the build itself, with what env.X = … wrote
    final List<Map<String, String>> overlays = [] // withEnv and environment{}, innermost last
    final List<String> nodes = [] // each node that was taken, by label
    final List<Map> stages = []
    final List<String> junit = []
    final StringBuilder log = new StringBuilder()
    int depth = 0 // how many nodes are held at this moment
    Map stage // the one that runs
    File folder // the current directory

    Build(Map given) {
        this.given = given
        description = given.description
        env.putAll(given.env)
    }

    void say(String line) {
        log << line << '\n'
    }

    /** hudson.model.Run.setResult: a result never gets better. */
    void worsen(String wanted) {
        if (!WORSE.contains(wanted)) {
            throw new IllegalArgumentException("no such result: $wanted")
        }
        if (result == null || WORSE.indexOf(wanted) > WORSE.indexOf(result)) {
            result = wanted
        }
    }

    void mark(String wanted) {
        if (stage && WORSE.indexOf(wanted) > WORSE.indexOf(stage.result ?: 'SUCCESS')) {
            stage.result = wanted
        }
    }

    /** The environment as a step sees it here: of the agent, of the build, then each overlay. */
    Map<String, String> environ() {
        Map<String, String> all = [:]
        if (depth) {
            all.putAll(given.environ)
        }
        all.putAll(env)
        overlays.each { overlay -> overlay.each { name, value -> override(all, name, value) } }
        return all
    }

    /** hudson.EnvVars.override: PATH+X puts in front, an empty value removes. */
    private static void override(Map<String, String> all, String name, String value) {
        int plus = name.indexOf('+')
        if (plus > 0) {
            String whole = name.substring(0, plus)
            all[whole] = all[whole] ? value + File.pathSeparator + all[whole] : value
        } else if (value) {
            all[name] = value
        } else {
            all.remove(name)
        }
    }

    Object within(Map<String, String> overlay, Closure body) {
        overlays.add(overlay)
        try {
            return body.call()
        } finally {
            overlays.remove(overlays.size() - 1)
        }
    }

    Object onNode(String label, Closure body) {
        File before = folder
        nodes.add(label)
        depth += 1
        folder = new File(given.workspace)
        folder.mkdirs()
        try {
            return within([NODE_NAME: 'agent-1', WORKSPACE: folder.path, EXECUTOR_NUMBER: '0'], body)
        } finally {
            depth -= 1
            folder = before
        }
    }

    Map told() {
        return [
            result: result ?: 'SUCCESS',
            description: description ?: '',
            env: env,
            stages: stages,
            nodes: nodes,
            junit: junit,
            log: log.toString(),
        ]
    }
}
