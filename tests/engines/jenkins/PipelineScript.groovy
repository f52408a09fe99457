/** What a Jenkinsfile and the files of vars/ are compiled to: unknown calls are steps. */
abstract class PipelineScript extends Script {
    Object methodMissing(String name, Object arguments) {
        return binding.getVariable('controller_').call(name, arguments as List)
    }

    Object propertyMissing(String name) {
        return binding.getVariable('controller_').property(name)
    }
}
