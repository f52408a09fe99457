/** `env`: every value is text, what is not there is null. */
class Env {
    private final Build build

    Env(Build build) {
        this.build = build
    }

    Object getProperty(String name) {
        return this.@build.environ()[name]
    }

    void setProperty(String name, Object value) {
        this.@build.env[name] = String.valueOf(value)
    }
}
