/** A block of the declarative form: what was called in it, in order. */
class Section {
    final List<String> allowed
    final Controller controller
    final List<Map> calls = []
    String title // of a stage

    Section(List<String> allowed, Controller controller) {
        this.allowed = allowed
        this.controller = controller
    }

    Object methodMissing(String called, Object arguments) {
        if (allowed != null && !allowed.contains(called)) {
            throw new HarnessError("this harness knows no $called here, only $allowed")
        }
        calls.add([name: called, arguments: arguments as List])
        return null
    }

    List argument(String called) {
        return calls.find { it.name == called }.arguments
    }

    /** `agent any` names a word; `pipeline.stages` asks for a part that was called. */
    Object propertyMissing(String word) {
        if (word in ['any', 'none']) {
            return word
        }
        if (allowed?.contains(word)) {
            return calls.find { it.name == word }?.arguments?.getAt(0)
        }
        return controller.shell.context.hasVariable(word) ? controller.shell.getVariable(word) : controller.property(word)
    }
}
