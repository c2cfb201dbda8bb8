select o_handle, o_digest, o_keep_until from {end_subject}($1, $2, $3, $4, $5)
