DROP INDEX `relays_schema_unique`;--> statement-breakpoint
DROP INDEX `relays_by_status`;--> statement-breakpoint
CREATE INDEX `relays_in_grace` ON `relays` (`id`) WHERE "relays"."status" = 'grace';--> statement-breakpoint
CREATE INDEX `relays_refused` ON `relays` (`id`) WHERE "relays"."refused" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `alarms_held` ON `alarms` (`held_at`) WHERE "alarms"."held_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `invoices_pending` ON `invoices` (`id`) WHERE "invoices"."status" = 'pending';--> statement-breakpoint
CREATE INDEX `tenants_refunded` ON `tenants` (`pubkey`) WHERE "tenants"."refund" IS NOT NULL;