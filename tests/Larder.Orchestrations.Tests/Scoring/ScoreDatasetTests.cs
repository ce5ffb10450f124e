using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Scoring.Activities;
using Larder.Orchestrations.Tests.Replay;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Scoring;

public class ScoreDatasetTests
{
    private static readonly ScoringInput Simple = new(Rehearsal.Job, Parallel: 2, MaxErrors: null);

    [Fact]
    public void A_scoring_goes_through_its_steps_and_succeeds()
    {
        var rehearsal = Rehearse(Simple).Run();
        Assert.Equal([ActivityNames.FetchDataset, ActivityNames.PlanScoring], rehearsal.Calls[..2]);
        Assert.Equal([ActivityNames.MergeScores, ActivityNames.FinishScoring, ActivityNames.EndJob], rehearsal.Calls[^3..]);
        Assert.Equal([0, 1, 2], Chunks(rehearsal));
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), rehearsal.Ended);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void So_many_chunks_are_under_way_at_a_time_and_no_more(int parallel)
    {
        var rehearsal = Rehearse(Simple with { Parallel = parallel }, chunks: 20).Run($"{parallel}");
        Assert.Equal(parallel, rehearsal.Widest(ActivityNames.ScoreChunk));
        Assert.Equal(20, Chunks(rehearsal).Count);
    }

    [Fact]
    public void After_a_hundred_chunks_it_goes_on_as_new_where_it_was()
    {
        var first = Rehearse(Simple, chunks: 250, rows: 2500).Run();
        Assert.Equal(100, Chunks(first).Count);
        Assert.Null(first.Ended);
        Assert.Equal(new ScoringProgress(250, 2500, Next: 100, Done: 100, Scored: 1000), first.WentOnWith<ScoringInput>()!.Progress);

        var second = first.Next().Run("second");
        Assert.Equal(Enumerable.Range(100, 100), Chunks(second));
        Assert.DoesNotContain(ActivityNames.PlanScoring, second.Calls);

        var third = second.Next().Run("third");
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), third.Ended);
    }

    [Fact]
    public void More_errors_than_allowed_stop_it_and_the_lowest_row_is_told()
    {
        var rehearsal = Rehearse(Simple with { MaxErrors = 5 }, chunks: 50)
            .Activity(ActivityNames.ScoreChunk, input => new ScoreChunk.Result(10, 3, 1000 - ((ScoreChunk.Input)input!).Chunk, "'x' is not a number"))
            .Run();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains("more than max_errors (5)", rehearsal.Ended!.Reason);
        Assert.Contains("row 999: 'x' is not a number", rehearsal.Ended!.Reason);
        Assert.InRange(Chunks(rehearsal).Count, 2, 3);
        Assert.Equal(5, rehearsal.Inputs.OfType<ScoreChunk.Input>().First().MostErrors);
        Assert.Equal(0, rehearsal.Running(ActivityNames.ScoreChunk));
        Assert.DoesNotContain(ActivityNames.MergeScores, rehearsal.Calls);
    }

    [Fact]
    public void Rows_with_errors_are_counted_in_the_reason_and_it_succeeds()
    {
        var rehearsal = Rehearse(Simple)
            .Activity(ActivityNames.ScoreChunk, input => new ScoreChunk.Result(10, 1, 10 * ((ScoreChunk.Input)input!).Chunk + 4, "it is empty"))
            .Run();
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "3 of 30 rows could not be scored; row 4 is the first: it is empty."), rehearsal.Ended);
    }

    [Fact]
    public void When_no_row_can_be_scored_it_has_failed_with_its_result()
    {
        var rehearsal = Rehearse(Simple).Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(10, 10, 1, "it is empty")).Run();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains(ActivityNames.MergeScores, rehearsal.Calls);
    }

    [Theory]
    [InlineData(ActivityNames.FetchDataset)]
    [InlineData(ActivityNames.PlanScoring)]
    [InlineData(ActivityNames.ScoreChunk)]
    public void What_cannot_be_done_fails_the_job_with_its_reason_after_a_clean_up(string step)
    {
        var rehearsal = Rehearse(Simple, chunks: 9);
        rehearsal = step switch
        {
            ActivityNames.FetchDataset => rehearsal.Activity<string?>(step, _ => "No."),
            ActivityNames.PlanScoring => rehearsal.Activity(step, _ => new PlanScoring.Result(0, 0, "No.")),
            _ => rehearsal.Activity(step, _ => new ScoreChunk.Result(0, 0, Reason: "No.")),
        };
        rehearsal.Run(step);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.Equal([ActivityNames.FinishScoring, ActivityNames.EndJob], rehearsal.Calls[^2..]);
        Assert.Equal(0, rehearsal.Running(ActivityNames.ScoreChunk));
    }

    [Fact]
    public void Canceling_is_heeded_between_chunks_and_what_runs_is_waited_for()
    {
        var rehearsal = Rehearse(Simple, chunks: 50);
        rehearsal.Activity(ActivityNames.ScoreChunk, input =>
        {
            if (((ScoreChunk.Input)input!).Chunk == 4)
                rehearsal.Cancel();
            return new ScoreChunk.Result(1, 0);
        });
        rehearsal.Run();
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Canceled, "It was canceled."), rehearsal.Ended);
        Assert.InRange(Chunks(rehearsal).Count, 5, 6);
        Assert.Equal(0, rehearsal.Running(ActivityNames.ScoreChunk));
        Assert.Null(rehearsal.WentOnWith<ScoringInput>());
    }

    [Fact]
    public void Chunks_whose_blocks_are_gone_are_scored_again_and_not_counted_again()
    {
        var merges = 0;
        var rehearsal = Rehearse(Simple, chunks: 5, rows: 50)
            .Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => merges++ == 0 ? [1, 3, 4] : [])
            .Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(10, 1, 1, "it is empty"))
            .Run();
        Assert.Equal([0, 1, 2, 3, 4, 1, 3, 4], Chunks(rehearsal));
        Assert.StartsWith("5 of 50 rows", rehearsal.Ended!.Reason);
        Assert.Equal(2, merges);
    }

    [Fact]
    public void Blocks_that_are_always_gone_end_it()
    {
        var rehearsal = Rehearse(Simple).Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => [1]).Run();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Equal(3 + ScoreDataset.MaxRepairs, Chunks(rehearsal).Count);
    }

    [Theory]
    [InlineData(ActivityNames.FetchDataset)]
    [InlineData(ActivityNames.ScoreChunk)]
    [InlineData(ActivityNames.MergeScores)]
    public void An_activity_that_fails_for_good_fails_the_job_when_nothing_of_it_runs(string step)
    {
        var rehearsal = Rehearse(Simple, chunks: 9).Broken(step).Run(step);
        Assert.Equal((JobState.Failed, $"The step {step} failed on the server: The disk is gone."), (rehearsal.Ended!.State, rehearsal.Ended.Reason));
        Assert.Equal(0, rehearsal.Running(ActivityNames.ScoreChunk));
    }

    [Fact]
    public void A_chunk_that_works_at_another_try_is_no_failure()
    {
        var rehearsal = Rehearse(Simple).Broken(ActivityNames.ScoreChunk, times: 3).Broken(ActivityNames.FinishScoring, times: 1).Run();
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), rehearsal.Ended);
        Assert.Equal(3 + 3, Chunks(rehearsal).Count);
    }

    [Fact]
    public void A_cancellation_while_the_data_set_is_fetched_plans_nothing()
    {
        var rehearsal = Rehearse(Simple);
        rehearsal.Activity<string?>(ActivityNames.FetchDataset, _ =>
        {
            rehearsal.Cancel();
            return null;
        });
        rehearsal.Run();
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.DoesNotContain(ActivityNames.PlanScoring, rehearsal.Calls);
    }

    [Fact]
    public void A_data_set_without_rows_is_merged_all_the_same()
    {
        var rehearsal = Rehearse(Simple, chunks: 0, rows: 0).Run();
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "The data set has no rows."), rehearsal.Ended);
        Assert.Contains(ActivityNames.MergeScores, rehearsal.Calls);
    }

    [Fact]
    public void A_cancellation_that_comes_as_it_goes_on_as_new_is_heeded_by_what_goes_on()
    {
        var first = Rehearse(Simple, chunks: 250, rows: 2500);
        first.Activity(ActivityNames.ScoreChunk, chunk =>
        {
            if (((ScoreChunk.Input)chunk!).Chunk == 99)
                first.CancelAlongside();
            return new ScoreChunk.Result(10, 0);
        });
        first.Run();
        Assert.Equal(100, Chunks(first).Count);

        var second = first.Next().Run("second");
        Assert.Equal(JobState.Canceled, second.Ended!.State);
        Assert.Equal([100, 101], Chunks(second));
    }

    [Fact]
    public void The_names_of_blocks_tell_what_is_missing_and_are_the_result_in_order()
    {
        var plan = new ScoringPlan
        {
            Format = ScoreOptions.Csv, Delimiter = ',', Header = [], Feeds = [], Keep = [], Outputs = [], VersionColumn = "v", ErrorColumn = "e", DataStart = 0, Chunks = 4,
        };
        var header = ScoringPaths.Block(0, 0, true);
        string[] there = [header, ScoringPaths.Block(1, 0, false), ScoringPaths.Block(1, 1, true), ScoringPaths.Block(3, 0, false), ScoringPaths.Block(4, 0, true)];
        var (missing, _) = MergeScores.Check(plan, there);
        Assert.Equal([1, 2], missing);

        string[] all = [.. there, ScoringPaths.Block(2, 0, true), ScoringPaths.Block(3, 1, true)];
        var (none, whole) = MergeScores.Check(plan, all);
        Assert.Empty(none);
        Assert.Equal(all.Order(StringComparer.Ordinal), whole);
        Assert.All(all, name => Assert.Equal(header.Length, name.Length));
    }

    private static Rehearsal Rehearse(ScoringInput scoring, int chunks = 3, long rows = 30) => new Rehearsal(OrchestrationNames.ScoreDataset, scoring)
        .Activity<string?>(ActivityNames.FetchDataset, _ => null)
        .Activity(ActivityNames.PlanScoring, _ => new PlanScoring.Result(chunks, rows))
        .Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(rows / Math.Max(1, chunks), 0))
        .Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => [])
        .Activities(ActivityNames.NoteScoring, ActivityNames.FinishScoring, ActivityNames.EndJob);

    private static List<int> Chunks(Rehearsal rehearsal) => [.. rehearsal.Inputs.OfType<ScoreChunk.Input>().Select(chunk => chunk.Chunk)];
}
