using Larder.Registry;
using Microsoft.DurableTask;

namespace Larder.Orchestrations.Tests;

public class ScoreDatasetTests
{
    private static readonly Scoring s_simple = new("job", Parallel: 2, MaxErrors: null);

    [Fact]
    public async Task A_scoring_goes_through_its_steps_and_succeeds()
    {
        var rehearsal = await new ScoringRehearsal(s_simple).RunAsync();
        Assert.Equal([ActivityNames.BeginJob, ActivityNames.FetchDataset, ActivityNames.PlanScoring], rehearsal.Calls[..3]);
        Assert.Equal([ActivityNames.MergeScores, ActivityNames.FinishScoring, ActivityNames.EndJob], rehearsal.Calls[^3..]);
        Assert.Equal([0, 1, 2], rehearsal.Chunks.Select(chunk => chunk.Chunk));
        Assert.Equal(new EndJob.Input("job", JobState.Succeeded, null), rehearsal.Ended);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task So_many_chunks_are_under_way_at_a_time_and_no_more(int parallel)
    {
        var rehearsal = await new ScoringRehearsal(s_simple with { Parallel = parallel }, chunks: 20).RunAsync();
        Assert.Equal(parallel, rehearsal.Widest);
        Assert.Equal(20, rehearsal.Chunks.Count);
    }

    [Fact]
    public async Task After_a_hundred_chunks_it_goes_on_as_new_where_it_was()
    {
        var rehearsal = await new ScoringRehearsal(s_simple, chunks: 250, rows: 2500).RunAsync();
        Assert.Equal(100, rehearsal.Chunks.Count);
        Assert.Null(rehearsal.Ended);
        Assert.Equal(new ScoringProgress(250, 2500, Next: 100, Done: 100, Scored: 1000), rehearsal.WentOnWith!.Progress);

        rehearsal = await new ScoringRehearsal(rehearsal.WentOnWith, chunks: 250, rows: 2500).RunAsync();
        Assert.Equal(Enumerable.Range(100, 100), rehearsal.Chunks.Select(chunk => chunk.Chunk));
        Assert.DoesNotContain(ActivityNames.PlanScoring, rehearsal.Calls);

        rehearsal = await new ScoringRehearsal(rehearsal.WentOnWith!, chunks: 250, rows: 2500).RunAsync();
        Assert.Equal(new EndJob.Input("job", JobState.Succeeded, null), rehearsal.Ended);
    }

    [Fact]
    public async Task More_errors_than_allowed_stop_it_and_the_lowest_row_is_told()
    {
        var rehearsal = await new ScoringRehearsal(s_simple with { MaxErrors = 5 }, chunks: 50)
            .Activity(ActivityNames.ScoreChunk, input => new ScoreChunk.Result(10, 3, 1000 - ((ScoreChunk.Input)input!).Chunk, "'x' is not a number"))
            .RunAsync();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains("more than max_errors (5)", rehearsal.Ended.Reason);
        Assert.Contains("row 999: 'x' is not a number", rehearsal.Ended.Reason);
        Assert.InRange(rehearsal.Chunks.Count, 2, 3);
        Assert.Equal(5, rehearsal.Chunks[0].MostErrors);
        Assert.Equal(0, rehearsal.Running);
        Assert.DoesNotContain(ActivityNames.MergeScores, rehearsal.Calls);
    }

    [Fact]
    public async Task Rows_with_errors_are_counted_in_the_reason_and_it_succeeds()
    {
        var rehearsal = await new ScoringRehearsal(s_simple)
            .Activity(ActivityNames.ScoreChunk, input => new ScoreChunk.Result(10, 1, 10 * ((ScoreChunk.Input)input!).Chunk + 4, "it is empty"))
            .RunAsync();
        Assert.Equal(new EndJob.Input("job", JobState.Succeeded, "3 of 30 rows could not be scored; row 4 is the first: it is empty."), rehearsal.Ended);
    }

    [Fact]
    public async Task When_no_row_can_be_scored_it_has_failed_with_its_result()
    {
        var rehearsal = await new ScoringRehearsal(s_simple).Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(10, 10, 1, "it is empty")).RunAsync();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains(ActivityNames.MergeScores, rehearsal.Calls);
    }

    [Theory]
    [InlineData(ActivityNames.FetchDataset)]
    [InlineData(ActivityNames.PlanScoring)]
    [InlineData(ActivityNames.ScoreChunk)]
    public async Task What_cannot_be_done_fails_the_job_with_its_reason_after_a_clean_up(string step)
    {
        var rehearsal = new ScoringRehearsal(s_simple, chunks: 9);
        rehearsal = step switch
        {
            ActivityNames.FetchDataset => rehearsal.Activity<string?>(step, _ => "No."),
            ActivityNames.PlanScoring => rehearsal.Activity(step, _ => new PlanScoring.Result(0, 0, "No.")),
            _ => rehearsal.Activity(step, _ => new ScoreChunk.Result(0, 0, Reason: "No.")),
        };
        await rehearsal.RunAsync();
        Assert.Equal(new EndJob.Input("job", JobState.Failed, "No."), rehearsal.Ended);
        Assert.Equal([ActivityNames.FinishScoring, ActivityNames.EndJob], rehearsal.Calls[^2..]);
        Assert.Equal(0, rehearsal.Running);
    }

    [Fact]
    public async Task Canceling_is_heeded_between_chunks_and_what_runs_is_waited_for()
    {
        var rehearsal = new ScoringRehearsal(s_simple, chunks: 50);
        rehearsal.Activity(ActivityNames.ScoreChunk, input =>
        {
            if (((ScoreChunk.Input)input!).Chunk == 4)
                rehearsal.Cancel();
            return new ScoreChunk.Result(1, 0);
        });
        await rehearsal.RunAsync();
        Assert.Equal(new EndJob.Input("job", JobState.Canceled, "It was canceled."), rehearsal.Ended);
        Assert.InRange(rehearsal.Chunks.Count, 5, 6);
        Assert.Equal(0, rehearsal.Running);
        Assert.Null(rehearsal.WentOnWith);
    }

    [Fact]
    public async Task Chunks_whose_blocks_are_gone_are_scored_again_and_not_counted_again()
    {
        var merges = 0;
        var rehearsal = await new ScoringRehearsal(s_simple, chunks: 5, rows: 50)
            .Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => merges++ == 0 ? [1, 3, 4] : [])
            .Activity(ActivityNames.ScoreChunk, _ => new ScoreChunk.Result(10, 1, 1, "it is empty"))
            .RunAsync();
        Assert.Equal([0, 1, 2, 3, 4, 1, 3, 4], rehearsal.Chunks.Select(chunk => chunk.Chunk));
        Assert.StartsWith("5 of 50 rows", rehearsal.Ended!.Reason);
        Assert.Equal(2, merges);
    }

    [Fact]
    public async Task Blocks_that_are_always_gone_end_it()
    {
        var rehearsal = await new ScoringRehearsal(s_simple).Activity<IReadOnlyList<int>>(ActivityNames.MergeScores, _ => [1]).RunAsync();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Equal(3 + ScoreDataset.MostRepairs, rehearsal.Chunks.Count);
    }

    [Fact]
    public async Task An_activity_that_fails_for_good_fails_the_job_when_nothing_of_it_runs()
    {
        var rehearsal = await new ScoringRehearsal(s_simple, chunks: 9)
            .Activity<ScoreChunk.Result>(ActivityNames.ScoreChunk, _ => throw new TaskFailedException(ActivityNames.ScoreChunk, 1, new InvalidOperationException("Broken.")))
            .RunAsync();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains("Broken.", rehearsal.Ended.Reason);
        Assert.Equal(0, rehearsal.Running);
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
}
