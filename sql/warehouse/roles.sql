-- Rights in a warehouse on PostgreSQL: who may load, who may read, who may look after it. For the owner of the tables,
-- who also needs the right to create roles: psql --single-transaction -v ON_ERROR_STOP=1 -f roles.sql DATABASE
-- (`courtstats warehouse roles` prints this text). Apply it again after every raise of the schema: the views are made anew
-- then, and new tables are nobody's until this has run. It can be applied any number of times.
--
-- The three are groups without a login. Give them to logins: GRANT courtstats_analyst TO somebody. A login in none of
-- them can do nothing. The owner is none of the three; it alone can make or change tables, and even it cannot change a
-- row (triggers refuse that). The views read with the rights of their owner, so whoever may read a view needs no right
-- to the tables under it. Nothing in a warehouse is a case key or a case reference; those are in the records store alone.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['courtstats_loader', 'courtstats_analyst', 'courtstats_ops'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO courtstats_loader', current_schema());
END
$$;

COMMENT ON ROLE courtstats_loader IS 'courtstats: lands and runs; adds rows, changes none';
COMMENT ON ROLE courtstats_analyst IS 'courtstats: reads figures, how they came about and how they changed';
COMMENT ON ROLE courtstats_ops IS 'courtstats: reads runs, landings, checks and the audit log, no figure';

-- Loader: reads and adds. Nobody has UPDATE, DELETE or TRUNCATE.
GRANT SELECT, INSERT ON
    question_version, landed_batch, run, tabulation, figure, attrition, evidence, run_note, inspection, check_result,
    revision_part, publication, published_figure, audit_entry, alert_sent
TO courtstats_loader;
GRANT SELECT ON warehouse_revision, current_figure, figure_history, revision, run_log TO courtstats_loader;

-- Analyst: figures and what explains them; not the log of who did what, and not what came in and was set aside.
GRANT SELECT ON
    current_figure, figure_history, revision, question_version, run, tabulation, figure, attrition, evidence, run_note,
    revision_part, publication, published_figure, warehouse_revision
TO courtstats_analyst;

-- Ops: whether it runs, and who did what; of a run everything but its value, and the salt by which the digest of its
-- figures in the log could be tried out.
GRANT SELECT ON
    run_log, inspection, check_result, alert_sent, landed_batch, audit_entry, warehouse_revision
TO courtstats_ops;
GRANT SELECT (
    run_id, run_key, question, definition_hash, unit, period, period_from, period_to, breakdowns, as_known_at,
    newest_batch, store, precedence, code_version, counted_with, thresholds_hash, started_at, finished_at, vintage, state,
    stop_reason, data_from, data_to
) ON run TO courtstats_ops;
