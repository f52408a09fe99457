package org.jenkinsci.plugins.workflow.steps

/** What a step throws when somebody stops the build. */
class FlowInterruptedException extends InterruptedException {
    FlowInterruptedException() {
        super('Aborted by a person')
    }
}
