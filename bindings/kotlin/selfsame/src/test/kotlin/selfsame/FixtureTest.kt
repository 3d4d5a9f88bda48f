package selfsame

import java.nio.file.Path
import kotlin.io.path.copyTo
import kotlin.io.path.createDirectories
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The frozen file (`tests/fixtures/README.md`). The tests change a copy of it, and `check` lets Rust read it back. */
class FixtureTest {
    private val frozen = Path.of("../../../tests/fixtures")
    private val facts = Json.parseToJsonElement(frozen.resolve("accounts-1.json").readText()).jsonObject
    private val accounts = facts.getValue("accounts").jsonArray.map { it.jsonObject }

    @Test
    fun `the frozen file opens and takes a change`() {
        val copy = Path.of("target/fixture").createDirectories().resolve("accounts-1.selfsame")
        frozen.resolve("accounts-1.selfsame").copyTo(copy, overwrite = true)
        val engine = opened(copy)
        val tokens = accounts.map { account ->
            val token = signIn(engine, account)
            val handle = engine.account(token)
            assertEquals(account.text("display_name"), handle.view().displayName)
            handle.setDisplayName("${account.text("display_name")} in Kotlin")
            token
        }
        engine.suspend()
        val again = opened(copy)
        for (token in tokens) {
            val account = again.account(token)
            assertTrue(account.view().displayName!!.endsWith(" in Kotlin"))
            assertTrue(account.verifyAudit())
        }
        again.suspend()
    }

    private fun opened(file: Path): BlockingEngine {
        val policy = facts.getValue("policy").jsonObject
        val cost = policy.getValue("hash_cost").jsonObject
        fun figure(name: String): Int = cost.getValue(name).jsonPrimitive.int
        val hashCost = HashCost(figure("memory_kib"), figure("passes"), figure("lanes"))
        val key = HostKey(facts.text("host_key").hexToByteArray())
        return BlockingEngine.open(file, Unlock.HostKey(key), Policy(realm = policy.text("realm"), hashCost = hashCost))
    }

    private fun signIn(engine: BlockingEngine, account: JsonObject): SessionToken {
        val begun = engine.signIn(account.text("email"), Secret(account.text("password")), LAPTOP)
        if (begun.step is Step.SignedIn) return signedIn(begun).token
        val code = account.getValue("recovery_codes").jsonArray.first().jsonPrimitive.content
        return signedIn(engine.answer(begun, Answer.RecoveryCode(Secret(code)))).token
    }

    private fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content
}
