import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

/** Runs `pipeline { … }` as pipeline-model-definition does: which stage runs, which is skipped and why. */
class Declarative {
    final Controller controller
    final Build build
    Throwable failure // the first one; later stages are skipped for it

    Declarative(Controller controller) {
        this.controller = controller
        build = controller.build
    }

    void run(Closure body) {
        Section pipeline = read(body, ['agent', 'options', 'parameters', 'environment', 'libraries', 'stages', 'post'])
        read(pipeline.libraries, ['lib']).calls.each { controller.load(it.arguments[0], null) }
        read(pipeline.parameters, ['string', 'booleanParam', 'choice']).calls.each { call ->
            Map parameter = (Map) call.arguments[0]
            if (!build.given.params.containsKey(parameter.name)) {
                build.given.params[parameter.name] = parameter.defaultValue ?: parameter.choices?.first()
            }
        }
        build.given.params.each { name, value -> build.env[name] = value.toString() }
        List options = read(pipeline.options, null).calls*.name
        List<Section> stages = read(pipeline.stages, ['stage']).calls.collect { stage(it.arguments) }
        boolean restarted = !build.given.restart_from
        try {
            onAgent(pipeline.agent, true) {
                build.within(environment(pipeline.environment)) {
                    for (Section each : stages) {
                        restarted = restarted || each.title == build.given.restart_from
                        step(each, restarted, options.contains('skipStagesAfterUnstable'))
                    }
                    afterwards(pipeline.post, build.result ?: 'SUCCESS')
                }
            }
        } catch (HarnessError unknown) {
            throw unknown
        } catch (Throwable problem) {
            fail(problem)
        }
    }

    private Section stage(List arguments) {
        Section stage = read((Closure) arguments[1], ['agent', 'options', 'environment', 'when', 'input', 'tools', 'failFast', 'steps', 'stages', 'parallel', 'matrix', 'post'])
        stage.title = arguments[0]
        return stage
    }

    private void step(Section stage, boolean restarted, boolean skipsAfterUnstable) {
        Map around = build.stage
        build.stage = [name: stage.title, status: 'RAN', result: null]
        build.stages.add(build.stage)
        if (!restarted) {
            skip('RESTART', "Stage \"$stage.title\" skipped due to this build restarting at stage \"$build.given.restart_from\"")
        } else if (failure) {
            skip('FAILURE', "Stage \"$stage.title\" skipped due to earlier failure(s)")
        } else if (skipsAfterUnstable && build.result == 'UNSTABLE') {
            skip('UNSTABLE', "Stage \"$stage.title\" skipped due to earlier stage(s) marking the build as unstable")
        } else {
            build.within([STAGE_NAME: stage.title]) { attempt(stage, skipsAfterUnstable) }
        }
        build.stage = around
    }

    private Object attempt(Section stage, boolean skipsAfterUnstable) {
        Section when = conditions(stage.when)
        build.say("[Pipeline] stage ($stage.title)")
        boolean beforeInput = flag(when, 'beforeInput'), beforeAgent = !beforeInput && flag(when, 'beforeAgent')
        try {
            if (beforeInput && !holds(when)) {
                return skipConditional(stage)
            }
            if (stage.input) {
                build.say("[Pipeline] input in $stage.title")
            }
            if (beforeAgent && !holds(when)) {
                return skipConditional(stage)
            }
            onAgent(stage.agent, false) {
                if (!beforeInput && !beforeAgent && !holds(when)) {
                    return skipConditional(stage)
                }
                build.within(environment(stage.environment)) { inside(stage, skipsAfterUnstable) }
                build.stage.result = build.stage.result ?: 'SUCCESS'
            }
        } catch (HarnessError unknown) {
            throw unknown
        } catch (Throwable problem) {
            fail(problem)
        }
        if (build.stage.status == 'RAN') {
            afterwards(stage.post, build.stage.result ?: 'SUCCESS')
        }
        return null
    }

    /** Its steps, or its stages: parallel ones run here one after the other. */
    private void inside(Section stage, boolean skipsAfterUnstable) {
        if (stage.steps) {
            scripted(stage.steps).call()
        }
        [stage.stages, stage.parallel].findAll().each { block ->
            read(block, ['stage']).calls.each { step(this.stage(it.arguments), true, skipsAfterUnstable) }
        }
        if (stage.matrix) {
            Section matrix = read(stage.matrix, ['axes', 'excludes', 'agent', 'environment', 'when', 'stages', 'post'])
            List axes = read(matrix.axes, ['axis']).calls.collect { read((Closure) it.arguments[0], ['name', 'values']) }
            List cells = axes.collect { axis -> axis.argument('values').collect { [(axis.argument('name')[0]): it] } }.combinations()
            cells.each { cell ->
                build.within(cell.sum()) {
                    if (holds(conditions(matrix.when))) {
                        onAgent(matrix.agent, false) {
                            read(matrix.stages, ['stage']).calls.each { step(this.stage(it.arguments), true, skipsAfterUnstable) }
                        }
                    }
                }
            }
        }
    }

    private void fail(Throwable problem) {
        String result = problem instanceof FlowInterruptedException ? 'ABORTED' : 'FAILURE'
        build.say("ERROR: ${problem instanceof AbortException ? problem.message : problem}")
        build.worsen(result)
        build.mark(result)
        failure = failure ?: problem
    }

    private void skip(String why, String line) {
        build.stage.status = "SKIPPED_FOR_$why".toString()
        build.say(line)
    }

    private Object skipConditional(Section stage) {
        skip('CONDITIONAL', "Stage \"$stage.title\" skipped due to when conditional")
        return null
    }

    private Section conditions(Object block) {
        return read((Closure) block, ['beforeAgent', 'beforeInput', 'beforeOptions', 'expression', 'branch', 'environment', 'equals', 'allOf', 'anyOf', 'not'])
    }

    private static boolean flag(Section when, String name) {
        return when.calls.any { it.name == name && it.arguments == [true] }
    }

    private boolean holds(Section when) {
        return when.calls.findAll { !it.name.startsWith('before') }.every { met(it) }
    }

    /** One condition; an expression by Groovy truth, as ExpressionConditionalScript takes it. */
    private boolean met(Map condition) {
        Object given = condition.arguments[0]
        switch (condition.name) {
            case 'expression': return scripted((Closure) given).call() as boolean
            case 'branch': return build.environ()['BRANCH_NAME'] == given
            case 'environment': return build.environ()[given.name] == given.value
            case 'equals': return given.expected == given.actual
            case 'allOf': return conditions(given).calls.every { met(it) }
            case 'anyOf': return conditions(given).calls.any { met(it) }
            default: return !conditions(given).calls.every { met(it) }
        }
    }

    private Object onAgent(Object agent, boolean outermost, Closure body) {
        if (agent == 'none' || (agent == null && !outermost)) {
            return body.call()
        }
        if (agent == null) {
            throw new AbortException('Missing required section "agent"')
        }
        Section place = agent == 'any' ? null : read((Closure) agent, ['label', 'docker', 'node'])
        String label = place == null ? '' : place.calls[0].name == 'label' ? place.calls[0].arguments[0] : place.calls[0].name
        return build.onNode(label, body)
    }

    private Map environment(Closure body) {
        Assignments values = new Assignments(controller)
        if (body) {
            body.rehydrate(values, values, values).call()
        }
        return values.made
    }

    private void afterwards(Closure body, String result) {
        Section post = read(body, ['always', 'success', 'failure', 'unstable', 'aborted', 'notBuilt', 'unsuccessful', 'cleanup'])
        List due = ['always', result == 'SUCCESS' ? 'success' : 'unsuccessful', [UNSTABLE: 'unstable', FAILURE: 'failure', ABORTED: 'aborted', NOT_BUILT: 'notBuilt'][result], 'cleanup']
        due.each { condition ->
            post.calls.findAll { it.name == condition }.each { call ->
                try {
                    scripted((Closure) call.arguments[0]).call()
                } catch (HarnessError unknown) {
                    throw unknown
                } catch (Throwable problem) {
                    build.say("Error when executing $condition post condition: $problem")
                    build.worsen('FAILURE')
                }
            }
        }
    }

    /** A closure whose unknown names are steps, whatever blocks stand around it. */
    private Closure scripted(Closure body) {
        Script script = (Script) body.thisObject
        return body.rehydrate(script, script, script)
    }

    private Section read(Closure body, List<String> allowed) {
        Section section = new Section(allowed, controller)
        if (body) {
            Closure own = body.rehydrate(section, section, body.thisObject)
            own.resolveStrategy = Closure.DELEGATE_ONLY
            own.call()
        }
        return section
    }
}
