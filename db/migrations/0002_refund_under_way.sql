ALTER TABLE `tenants` ADD `refund` integer;--> statement-breakpoint
ALTER TABLE `tenants` ADD `refund_bolt11` text;