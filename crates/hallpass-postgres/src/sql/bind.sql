select o_answer, o_handle, o_digest, o_keep_until, o_record, o_last_seen, o_confirmed_at,
    o_epoch
from {bind}(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22
)
