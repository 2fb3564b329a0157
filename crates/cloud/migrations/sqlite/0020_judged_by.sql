-- Which build, policy and networks made the verdict, for judging the same evidence again. Absent where nothing was judged.
ALTER TABLE verdict ADD COLUMN judged_by TEXT;
