# invoices: a view over invoices and their lines, an outer join, beside other ways to keep it.

# The variants end with the same rows: what a benchmark of wrong answers would be worth
invoices_check()
{
	sql -d i_ivm -c "SELECT count(*) FROM ivm_fdw_verify('invoice_totals')" | grep -qx 0 || die "The view is not its query."
	sql -d i_recompute -c "SELECT count(*) FROM (TABLE invoice_query EXCEPT TABLE invoice_totals) AS d" | grep -qx 0 || die "recompute is wrong."
}

invoices()
{
	local round batch clients variant PGOPTIONS="-c plan_cache_mode=force_generic_plan" csv=$W/results/invoices-$invoices.csv
	# (planning anew, which the ranges of ids would lead to, is not what is measured)
	export PGOPTIONS
	local -a all=(none ivm recompute by_hand)
	[[ " ${variants[*]} " != *" pg_ivm "* ]] || all+=(pg_ivm)
	for variant in "${all[@]}"; do
		createdb "i_$variant"
		sql -d "i_$variant" -v "invoices=$invoices" -f bench/invoices/schema.sql -f "bench/invoices/$variant.sql" >/dev/null
	done
	echo "round,batch,clients,variant,tps" >"$csv"
	for ((round = 1; round <= rounds; round++)); do
		for batch in 1 50 1000; do
			for clients in 1 4 8; do
				for variant in "${all[@]}"; do
					sql -d "i_$variant" -c "ALTER SEQUENCE newest INCREMENT BY $batch" -c "ALTER SEQUENCE oldest INCREMENT BY $batch" \
						-c "VACUUM" -c "CHECKPOINT"
					echo "$round,$batch,$clients,$variant,$(tps "i_$variant" invoices/batch "$clients" -D turn=0 -D "batch=$batch")" >>"$csv"
				done
			done
		done
	done
	invoices_check
	for variant in "${all[@]}"; do dropdb "i_$variant"; done
}
