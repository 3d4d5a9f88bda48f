package selfsame

/** Selfsame from Kotlin, as a speaker of tests/benches/speakers.rs: `bash bindings/kotlin/bench`. */
fun main() {
    val engine = BlockingEngine.inMemory(QUICK)
    val token = signUpAtOnce(engine)
    val account = engine.account(token)
    // Who signs in so often has no room for an older session.
    engine.signUp("grace@example.org", PASSWORD, LAPTOP)
    val parts = mapOf<String, () -> Any?>(
        "build_id" to { buildId() },
        "refused" to {
            try {
                account.endSession("no id")
                error("it was not refused")
            } catch (_: SelfsameException.InvalidId) {
            }
        },
        "resolve" to { engine.resolve(token) },
        "view" to { account.view() },
        "rename" to { account.setDisplayName("Ada") },
        "sign_in" to { engine.signIn("grace@example.org", PASSWORD, LAPTOP) },
    )
    // A program that has run for a while is compiled.
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
