package example

import selfsame.AccountHandle
import selfsame.Engine
import selfsame.SelfsameException
import selfsame.SessionToken

/** Opens the account with the token that was kept. Returns `null` if the person must sign in. */
suspend fun reopen(engine: Engine, kept: String): AccountHandle? =
    try {
        val token = SessionToken(kept)
        engine.touch(token)
        engine.account(token)
    } catch (refused: SelfsameException) {
        when (refused) {
            is SelfsameException.InvalidToken,
            is SelfsameException.SessionEnded,
            is SelfsameException.ReauthenticationRequired -> null
            else -> throw refused
        }
    }
