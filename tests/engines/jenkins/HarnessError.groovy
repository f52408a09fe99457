/** A pipeline uses what this harness does not know: no result may come of that. */
class HarnessError extends Error {
    HarnessError(String message) {
        super(message)
    }
}
