using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Tests.Replay;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Training.Activities;
using Larder.Registry.Jobs;

namespace Larder.Orchestrations.Tests.Training;

public class TrainModelTests
{
    private static readonly TrainingInput Simple = new(Rehearsal.Job, Attempts: 1, TimeoutSeconds: 60, Compile: false, HasAlias: false);

    [Fact]
    public void A_training_goes_through_its_steps_and_succeeds()
    {
        var rehearsal = Rehearse(Simple).Run();
        Assert.Equal(
            [
                ActivityNames.StageInputs, ActivityNames.StartCompute, ActivityNames.WatchCompute, ActivityNames.CollectResults, ActivityNames.DeleteCompute,
                ActivityNames.CheckTrainedModel, ActivityNames.RegisterTrainedModel, ActivityNames.EndJob,
            ],
            rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, null), rehearsal.Ended);
    }

    [Fact]
    public void With_compile_and_an_alias_the_optimised_model_is_registered_too_and_the_gate_has_the_last_word()
    {
        RegisterTrainedModel.Input? registered = null;
        var rehearsal = Rehearse(Simple with { Compile = true, HasAlias = true })
            .Activity(ActivityNames.RegisterTrainedModel, input =>
            {
                registered = (RegisterTrainedModel.Input)input!;
                return new RegisterTrainedModel.Result(7);
            })
            .Activity(ActivityNames.GateTrainedModel, input => $"Gate of {((GateTrainedModel.Input)input!).Version}.")
            .Run();
        Assert.Equal("b", registered!.Optimized!.Sha256);
        Assert.Equal("a", registered.Model.Sha256);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Succeeded, "Gate of 7."), rehearsal.Ended);
    }

    [Fact]
    public void A_compilation_that_gives_something_else_leaves_the_original()
    {
        RegisterTrainedModel.Input? registered = null;
        var rehearsal = Rehearse(Simple with { Compile = true })
            .Activity(ActivityNames.CompileTrainedModel, _ => new CompileTrainedModel.Result(null, "It differs."))
            .Activity(ActivityNames.RegisterTrainedModel, input =>
            {
                registered = (RegisterTrainedModel.Input)input!;
                return new RegisterTrainedModel.Result(7);
            })
            .Run();
        Assert.Null(registered!.Optimized);
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
    }

    [Theory]
    [InlineData(ActivityNames.CheckTrainedModel)]
    [InlineData(ActivityNames.RegisterTrainedModel)]
    public void What_is_wrong_with_the_model_fails_the_job_after_a_clean_up(string step)
    {
        var rehearsal = Rehearse(Simple with { Attempts = 3 });
        rehearsal = step == ActivityNames.CheckTrainedModel
            ? rehearsal.Activity(step, _ => new CheckTrainedModel.Result(null, null, "No."))
            : rehearsal.Activity(step, _ => new RegisterTrainedModel.Result(null, "No."));
        rehearsal.Run(step);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "No."), rehearsal.Ended);
        Assert.Equal(ActivityNames.EndJob, rehearsal.Calls[^1]);
        Assert.Single(rehearsal.Calls, ActivityNames.StartCompute);
    }

    [Fact]
    public void A_script_that_fails_is_run_as_often_as_the_options_say_and_each_attempt_is_removed_before_the_next()
    {
        var rehearsal = Rehearse(Simple with { Attempts = 3 })
            .Activity(ActivityNames.CollectResults, input => new CollectResults.Result($"Exit code {((ComputeId)input!).Attempt}."))
            .Run();
        Assert.Equal(3, rehearsal.Calls.Count(call => call == ActivityNames.StartCompute));
        Assert.Equal(3, rehearsal.Calls.Count(call => call == ActivityNames.DeleteCompute));
        Assert.DoesNotContain(ActivityNames.CheckTrainedModel, rehearsal.Calls);
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "Exit code 3."), rehearsal.Ended);
    }

    [Fact]
    public void A_second_attempt_that_works_makes_the_model()
    {
        var rehearsal = Rehearse(Simple with { Attempts = 3 })
            .Activity(ActivityNames.CollectResults, input => new CollectResults.Result(((ComputeId)input!).Attempt == 1 ? "Lost." : null))
            .Activity(ActivityNames.CheckTrainedModel, input => Trained($"attempt-{((ComputeId)input!).Attempt}/iris.onnx", "a"))
            .Activity(
                ActivityNames.RegisterTrainedModel,
                input => new RegisterTrainedModel.Result(((RegisterTrainedModel.Input)input!).Path == "attempt-2/iris.onnx" ? 2 : null, "?"))
            .Run();
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
    }

    [Fact]
    public void A_backend_that_is_full_is_asked_again_later_and_later()
    {
        var asked = 0;
        var rehearsal = Rehearse(Simple).Activity(ActivityNames.StartCompute, _ => new StartCompute.Result(++asked == 12)).Run();
        Assert.Equal(12, asked);
        Assert.Equal(11, rehearsal.Waits.Count);
        Assert.Equal(rehearsal.Waits.Order(), rehearsal.Waits);
        Assert.True(rehearsal.Waits[^1] <= TimeSpan.FromSeconds(5));
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
    }

    [Fact]
    public void A_backend_that_refuses_fails_the_attempt_with_its_own_words()
    {
        var rehearsal = Rehearse(Simple).Activity(ActivityNames.StartCompute, _ => new StartCompute.Result(false, "Quota exceeded.")).Run();
        Assert.Equal(new JobResult(Rehearsal.Job, JobState.Failed, "Quota exceeded."), rehearsal.Ended);
        Assert.DoesNotContain(ActivityNames.CollectResults, rehearsal.Calls);
    }

    [Fact]
    public void A_run_that_takes_too_long_is_stopped_collected_and_timed_out_without_another_attempt()
    {
        var stopped = false;
        var rehearsal = Rehearse(Simple with { Attempts = 5 })
            .Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, stopped))
            .Activity<object?>(ActivityNames.StopCompute, _ => stopped = true)
            .Run();
        Assert.Equal(JobState.TimedOut, rehearsal.Ended!.State);
        Assert.Contains("60 seconds", rehearsal.Ended!.Reason);
        Assert.InRange(rehearsal.Elapsed, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(61));
        Assert.True(rehearsal.Calls.IndexOf(ActivityNames.StopCompute) < rehearsal.Calls.IndexOf(ActivityNames.CollectResults));
        Assert.DoesNotContain(ActivityNames.CheckTrainedModel, rehearsal.Calls);
        Assert.Single(rehearsal.Calls, ActivityNames.StartCompute);
    }

    [Fact]
    public void The_time_out_counts_from_when_it_runs_and_waiting_for_a_machine_has_a_limit_of_its_own()
    {
        var rehearsal = Rehearse(Simple with { TimeoutSeconds = 1 });
        rehearsal.Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(false, rehearsal.Calls.Contains(ActivityNames.StopCompute)));
        rehearsal.Run();
        Assert.Equal(JobState.Failed, rehearsal.Ended!.State);
        Assert.Contains("did not begin to run", rehearsal.Ended!.Reason);
        Assert.InRange(rehearsal.Elapsed, TrainModel.StartLimit, TrainModel.StartLimit + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_time_out_that_the_backend_saw_first_is_one_and_not_tried_again()
    {
        var rehearsal = Rehearse(Simple with { Attempts = 3 })
            .Activity(ActivityNames.CollectResults, _ => new CollectResults.Result("It ran longer than the 60 seconds it was given.", TimedOut: true))
            .Run();
        Assert.Equal(JobState.TimedOut, rehearsal.Ended!.State);
        Assert.Contains("60 seconds", rehearsal.Ended!.Reason);
        Assert.Single(rehearsal.Calls, ActivityNames.StartCompute);
        Assert.Equal(ActivityNames.EndJob, rehearsal.Calls[^1]);
    }

    [Fact]
    public void A_task_that_does_not_stop_is_deleted_all_the_same()
    {
        var rehearsal = Rehearse(Simple).Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, false)).Run();
        Assert.Equal(JobState.TimedOut, rehearsal.Ended!.State);
        Assert.Contains(ActivityNames.DeleteCompute, rehearsal.Calls);
    }

    [Theory]
    [InlineData(ActivityNames.StageInputs, false, false)]
    [InlineData(ActivityNames.StartCompute, true, false)]
    [InlineData(ActivityNames.WatchCompute, true, false)]
    [InlineData(ActivityNames.CheckTrainedModel, true, false)]
    [InlineData(ActivityNames.CompileTrainedModel, true, false)]
    [InlineData(ActivityNames.RegisterTrainedModel, true, true)]
    public void Cancelling_is_heeded_until_registering_begins(string during, bool started, bool succeeded)
    {
        var rehearsal = Rehearse(Simple with { Compile = true, HasAlias = true });
        switch (during)
        {
            case ActivityNames.StageInputs:
                rehearsal.Activity<string?>(during, _ => Cancel<string?>(null));
                break;
            case ActivityNames.StartCompute:
                rehearsal.Activity(during, _ => Cancel(new StartCompute.Result(true)));
                rehearsal.Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, rehearsal.Calls.Contains(ActivityNames.StopCompute)));
                break;
            case ActivityNames.WatchCompute:
                rehearsal.Activity(during, _ => Cancel(new WatchCompute.Result(true, rehearsal.Calls.Contains(ActivityNames.StopCompute))));
                break;
            case ActivityNames.CheckTrainedModel:
                rehearsal.Activity(during, _ => Cancel(Trained("attempt-1/outputs/iris.onnx", "a")));
                break;
            case ActivityNames.CompileTrainedModel:
                rehearsal.Activity(during, _ => Cancel(new CompileTrainedModel.Result(null, "")));
                break;
            default:
                rehearsal.Activity(during, _ => Cancel(new RegisterTrainedModel.Result(7)));
                break;
        }

        rehearsal.Run(during);
        Assert.Equal(succeeded ? JobState.Succeeded : JobState.Canceled, rehearsal.Ended!.State);
        Assert.Equal(started, rehearsal.Calls.Contains(ActivityNames.StartCompute));
        Assert.Equal(succeeded, rehearsal.Calls.Contains(ActivityNames.RegisterTrainedModel));
        Assert.StartsWith(succeeded ? "It was too late to cancel: version 7 was being registered." : "It was canceled.", rehearsal.Ended!.Reason);
        Assert.Equal(ActivityNames.EndJob, rehearsal.Calls[^1]);

        T Cancel<T>(T result)
        {
            rehearsal.Cancel();
            return result;
        }
    }

    [Fact]
    public void Cancelling_while_the_backend_is_full_starts_nothing()
    {
        var rehearsal = Rehearse(Simple);
        rehearsal.Activity(ActivityNames.StartCompute, _ =>
        {
            if (rehearsal.Calls.Count > 4)
                rehearsal.Cancel();
            return new StartCompute.Result(false);
        });
        rehearsal.Run();
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.DoesNotContain(ActivityNames.WatchCompute, rehearsal.Calls);
    }

    [Fact]
    public void A_long_run_goes_on_as_new_and_loses_neither_its_attempt_nor_its_deadline()
    {
        var first = Rehearse(Simple with { TimeoutSeconds = 86_400 })
            .Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, false))
            .Run();
        Assert.Null(first.Ended);
        Assert.DoesNotContain(ActivityNames.EndJob, first.Calls);
        var next = first.WentOnWith<TrainingInput>()!;
        Assert.Equal(1, next.Watch!.Attempt);
        Assert.NotNull(next.Watch.Running);

        var second = first.Next().Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, true)).Run("next");
        Assert.DoesNotContain(ActivityNames.StageInputs, second.Calls);
        Assert.DoesNotContain(ActivityNames.StartCompute, second.Calls);
        Assert.Equal(JobState.Succeeded, second.Ended!.State);
    }

    [Fact]
    public void A_cancellation_in_the_last_wait_before_it_goes_on_as_new_is_heeded_first()
    {
        var begun = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var rehearsal = Rehearse(Simple with { TimeoutSeconds = 86_400, Watch = new TrainingWatch(1, begun, begun) });
        rehearsal.Activity(ActivityNames.WatchCompute, _ =>
        {
            if (rehearsal.Calls.Count == 200)
                rehearsal.Cancel(after: TimeSpan.FromSeconds(0.2));
            return new WatchCompute.Result(true, rehearsal.Calls.Contains(ActivityNames.StopCompute));
        });
        rehearsal.Run();
        Assert.Null(rehearsal.WentOnWith<TrainingInput>());
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
    }

    [Fact]
    public void A_cancellation_ends_the_wait_for_a_run()
    {
        var rehearsal = Rehearse(Simple);
        rehearsal.Activity(ActivityNames.WatchCompute, _ =>
        {
            if (rehearsal.Calls.Count == 4)
                rehearsal.Cancel(after: TimeSpan.FromSeconds(0.2));
            return new WatchCompute.Result(true, rehearsal.Calls.Contains(ActivityNames.StopCompute));
        });
        rehearsal.Run();
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.Equal(TimeSpan.FromSeconds(0.5 + 0.2), rehearsal.Elapsed);
    }

    [Theory]
    [InlineData("as_it_fails", 0)]
    [InlineData("between_attempts", 1)]
    public void A_cancellation_leaves_no_further_attempt(string when, int seconds)
    {
        var rehearsal = Rehearse(Simple with { Attempts = 3 });
        rehearsal.Activity(ActivityNames.CollectResults, _ =>
        {
            rehearsal.Cancel(after: TimeSpan.FromSeconds(seconds));
            return new CollectResults.Result("Lost.");
        });
        rehearsal.Run(when);
        Assert.Equal(JobState.Canceled, rehearsal.Ended!.State);
        Assert.Single(rehearsal.Calls, ActivityNames.StartCompute);
        Assert.Equal(TimeSpan.FromSeconds(seconds), rehearsal.Elapsed);
    }

    [Fact]
    public void What_the_server_can_do_at_another_try_is_no_failure()
    {
        var rehearsal = Rehearse(Simple)
            .Broken(ActivityNames.StageInputs, times: 1)
            .Broken(ActivityNames.StartCompute, times: 1)
            .Broken(ActivityNames.WatchCompute, times: 2)
            .Broken(ActivityNames.EndJob, times: 1)
            .Run();
        Assert.Equal(JobState.Succeeded, rehearsal.Ended!.State);
        Assert.Equal([1, 1, 1, 2, 1], rehearsal.Waits.Select(wait => (int)wait.TotalSeconds));
    }

    [Theory]
    [InlineData(ActivityNames.StageInputs)]
    [InlineData(ActivityNames.CollectResults)]
    [InlineData(ActivityNames.CheckTrainedModel)]
    public void A_step_that_fails_on_the_server_fails_the_job_after_a_clean_up(string step)
    {
        var rehearsal = Rehearse(Simple).Broken(step).Run(step);
        Assert.Equal((JobState.Failed, $"The step {step} failed on the server: The disk is gone."), (rehearsal.Ended!.State, rehearsal.Ended.Reason));
        Assert.Equal(ActivityNames.EndJob, rehearsal.Calls[^1]);
    }

    private static CheckTrainedModel.Result Trained(string path, string hash) => new(path, Models.Prepared(hash));

    private static Rehearsal Rehearse(TrainingInput training) => new Rehearsal(OrchestrationNames.TrainModel, training)
        .Activity<string?>(ActivityNames.StageInputs, _ => null)
        .Activity(ActivityNames.StartCompute, _ => new StartCompute.Result(true))
        .Activity(ActivityNames.WatchCompute, _ => new WatchCompute.Result(true, true))
        .Activity(ActivityNames.CollectResults, _ => new CollectResults.Result(null))
        .Activity(ActivityNames.CheckTrainedModel, _ => Trained("attempt-1/outputs/iris.onnx", "a"))
        .Activity(ActivityNames.CompileTrainedModel, _ => new CompileTrainedModel.Result(Models.Prepared("b"), "The same."))
        .Activity(ActivityNames.RegisterTrainedModel, _ => new RegisterTrainedModel.Result(7))
        .Activity(ActivityNames.GateTrainedModel, _ => "The alias moved.")
        .Activities(ActivityNames.StopCompute, ActivityNames.DeleteCompute, ActivityNames.EndJob);
}
