package selfsame

private const val ROUNDS = 20_000

/** What a call costs: `bash bindings/kotlin/benchmark`. */
fun main() {
    val engine = Engine.inMemory(QUICK)
    val token = signUpAtOnce(engine)
    val account = engine.account(token)
    println("median of $ROUNDS calls")
    measure("buildId()") { buildId() }
    measure("resolve(token)") { engine.resolve(token) }
    measure("account.view()") { account.view() }
    measure("an id that is none, thrown") {
        try {
            account.endSession("no id")
            error("it is refused")
        } catch (_: SelfsameException.InvalidId) {
        }
    }
}

private fun measure(name: String, call: () -> Any?) {
    repeat(ROUNDS) { call() }
    val spans = LongArray(ROUNDS) {
        val began = System.nanoTime()
        call()
        System.nanoTime() - began
    }
    println("%-28s %8.1f µs".format(name, spans.sorted()[ROUNDS / 2] / 1_000.0))
}
