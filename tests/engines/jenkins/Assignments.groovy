/** `environment { NAME = value }`: each value may use those before it. */
class Assignments {
    final Map<String, String> made = [:]
    private final Controller controller

    Assignments(Controller controller) {
        this.controller = controller
    }

    Object propertyMissing(String name) {
        if (made.containsKey(name)) {
            return made[name]
        }
        def shell = controller.shell
        return shell.context.hasVariable(name) ? shell.getVariable(name) : controller.property(name)
    }

    void propertyMissing(String name, Object value) {
        made[name] = value.toString()
    }
}
