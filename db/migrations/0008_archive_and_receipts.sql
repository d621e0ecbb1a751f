ALTER TABLE `invoices` ADD `receipt_number` integer;--> statement-breakpoint
ALTER TABLE `relays` ADD `archived_at` integer;