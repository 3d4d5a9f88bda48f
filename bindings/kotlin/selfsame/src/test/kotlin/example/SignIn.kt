package example

import selfsame.Client
import selfsame.Engine
import selfsame.Secret
import selfsame.SelfsameException

/** Signs in, or returns the reason for the refusal in the person's own language. */
suspend fun signIn(engine: Engine, email: String, password: Secret, translations: Map<String, String>): String =
    try {
        "next: ${engine.signIn(email, password, Client("Ada's laptop")).step}"
    } catch (wait: SelfsameException.Throttled) {
        wait.retryAt?.let { "try again at $it" } ?: "sign in another way"
    } catch (error: SelfsameException) {
        if (!error.isRefusal()) throw error
        translations[error.code()] ?: error.message
    }
