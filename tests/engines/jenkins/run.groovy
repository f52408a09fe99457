// groovy -cp FOLDER run.groovy BUILDS.json RESULTS.json
// Runs each build that the first file describes, one after the other, and writes what became of them.
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

def builds = new JsonSlurper().parse(new File(args[0]), 'UTF-8')
def results = builds.collect { new Controller(it).run() }
new File(args[1]).setText(JsonOutput.toJson(results), 'UTF-8')
