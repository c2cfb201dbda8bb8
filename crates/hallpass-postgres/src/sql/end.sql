select o_answer, o_digest, o_tenant, o_subject, o_reason, o_ended_at, o_keep_until
from {end}($1, $2, $3, $4, $5, $6, $7)
