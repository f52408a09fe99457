/** `currentBuild`. */
class CurrentBuild {
    private final Build build

    CurrentBuild(Build build) {
        this.build = build
    }

    String getResult() { return build.result }

    void setResult(String wanted) { build.worsen(wanted) }

    String getCurrentResult() { return build.result ?: 'SUCCESS' }

    String getDescription() { return build.description }

    void setDescription(String text) { build.description = text }
}
