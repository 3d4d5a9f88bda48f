package selfsame

/** A program for tests/benches/speakers.rs that uses Selfsame from Kotlin: `bash bindings/kotlin/bench`. */
fun main() {
    val engine = BlockingEngine.inMemory(QUICK)
    val token = signUpAtOnce(engine)
    val account = engine.account(token)
    // So many sign-ins exceed the limit of sessions, which ends the oldest one.
    engine.signUp("grace@example.org", PASSWORD, LAPTOP)
    val parts = mapOf<String, () -> Any?>(
        "build_id" to { buildId() },
        "refused" to {
            try {
                account.endSession("no id")
                error("the engine did not refuse")
            } catch (_: SelfsameException.InvalidId) {
            }
        },
        "resolve" to { engine.resolve(token) },
        "view" to { account.view() },
        "rename" to { account.setDisplayName("Ada") },
        "sign_in" to { engine.signIn("grace@example.org", PASSWORD, LAPTOP) },
    )
    // Warms up, so that the virtual machine has compiled the code.
    for ((part, call) in parts) {
        if (part != "sign_in") repeat(COMPILED) { call() }
        println("part $part")
    }
    println("ready Kotlin ${KotlinVersion.CURRENT} on Java ${Runtime.version().feature()}, selfsame ${buildId()}")
    for (line in generateSequence(::readlnOrNull)) {
        val (part, count) = line.split(' ')
        println(List(count.toInt()) { timed(parts.getValue(part)) }.joinToString(" "))
    }
}

private const val COMPILED = 20_000

private fun timed(call: () -> Any?): Long {
    val began = System.nanoTime()
    call()
    return System.nanoTime() - began
}
