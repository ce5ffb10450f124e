using System.Collections.Concurrent;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Models;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tokens;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Larder.Orchestrations.Tests.Schedules;

/// <summary>A host with schedules on real storage, whose clock tests move, and whose jobs end when tests say so.</summary>
internal sealed class Bakery
{
    /// <summary>Noon of a Tuesday.</summary>
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Who changes schedules here.</summary>
    public const string Actor = "baker";

    public static Caller Baker { get; } = new(Actor, Role.Contributor);

    private readonly string _account;
    private readonly ScheduleOptions _options;
    private readonly ConcurrentDictionary<string, string> _instances;
    private readonly DurableTaskClient _client;

    public Bakery(string account, DateTimeOffset? start = null, ScheduleOptions? options = null)
        : this(account, new FakeTimeProvider(start ?? Noon), options ?? new ScheduleOptions(), [], store => store)
    {
    }

    private Bakery(
        string account,
        FakeTimeProvider time,
        ScheduleOptions options,
        ConcurrentDictionary<string, string> instances,
        Func<IDocumentStore, IDocumentStore> wrap)
    {
        (_account, Time, _options, _instances) = (account, time, options, instances);
        var storage = BlobClients.Create(account);
        var documents = wrap(new BlobDocumentStore(storage));
        var audit = new AuditLog(documents, NullLogger<AuditLog>.Instance);
        Schedules = new ScheduleStore(documents, audit);
        Audit = new AuditHistory(documents, new ModelRegistry(documents, time, audit), Schedules, new TokenStore(documents, audit, time), time);
        Jobs = new JobStore(documents, time);
        // No caller here has a scope: no model is looked at.
        var access = new JobAccess(Jobs, [Bake], new ModelScopes(null!, null!));
        var submitter = new JobSubmitter(Jobs, new JobFiles(storage, time), new BlobArtifactStore(storage, time), [Bake], access, new JobLimits(), time);
        var starter = new ScheduleStarter([Bake], [Bake], submitter, new JobScheduler(Jobs, [Bake], access, time, NullLogger<JobScheduler>.Instance), Schedules);
        Runner = new ScheduleRunner(Schedules, Jobs, starter, options, time, NullLogger<ScheduleRunner>.Instance);
        Editor = new ScheduleEditor(Schedules, starter, access, options, time);

        var mock = new Mock<DurableTaskClient>("bakery") { CallBase = true };
        mock.Setup(c => c.GetInstanceAsync(It.IsAny<string>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((string id, CancellationToken _) => instances.TryGetValue(id, out var name) ? new OrchestrationMetadata(name, id) : null);
        mock.Setup(c => c.ScheduleNewOrchestrationInstanceAsync(
                It.IsAny<TaskName>(), It.IsAny<object?>(), It.IsAny<StartOrchestrationOptions?>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync((TaskName name, object? _, StartOrchestrationOptions? start, CancellationToken _) =>
                instances.TryAdd(start!.InstanceId!, name.Name) ? start.InstanceId! : throw new InvalidOperationException("It is there already."));
        _client = mock.Object;
    }

    public BakeJob Bake { get; } = new();

    public FakeTimeProvider Time { get; }

    public ScheduleStore Schedules { get; }

    public AuditHistory Audit { get; }

    public JobStore Jobs { get; }

    public ScheduleRunner Runner { get; }

    public ScheduleEditor Editor { get; }

    /// <summary>Ids of the orchestrations that were started.</summary>
    public IReadOnlyCollection<string> Started => [.. _instances.Keys];

    /// <summary>Another host on the same storage, with the same clock.</summary>
    public Bakery Other(Func<IDocumentStore, IDocumentStore>? wrap = null) => new(_account, Time, _options, _instances, wrap ?? (store => store));

    public Task<Schedule> AddAsync(
        string cron, OverlapPolicy overlap = OverlapPolicy.Allow, MissedPolicy missed = MissedPolicy.Once, string timeZone = "UTC") =>
        Editor.CreateAsync(
            new SchedulePatch
            {
                Name = "bread",
                Cron = cron,
                TimeZone = timeZone,
                Overlap = overlap,
                Missed = missed,
                Job = new ScheduledJob { Type = "bake", Model = "bread" },
            },
            Baker,
            CancellationToken.None);

    /// <summary>The timer fires.</summary>
    public Task TickAsync() => Runner.RunAsync(_client, CancellationToken.None);

    /// <summary>The clock moves, and the timer fires.</summary>
    public Task TickAfterAsync(TimeSpan time)
    {
        Time.Advance(time);
        return TickAsync();
    }

    public Task<Job> RunNowAsync(Schedule schedule, string? key = null) => Editor.RunNowAsync(_client, schedule.Id, key, Baker, CancellationToken.None);

    public async Task<ScheduleProgress> ProgressAsync(Schedule schedule) => (await Schedules.GetAsync(schedule.Id)).Progress;

    /// <summary>When the occurrences were due that became jobs, in order.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> RunAsync(Schedule schedule) =>
        [.. (await ProgressAsync(schedule)).Runs.Where(run => run.Outcome == RunOutcome.Started).Select(run => run.Due).Reverse()];

    public async Task<IReadOnlyList<Job>> JobsOfAsync(Schedule schedule) =>
        (await Jobs.ListAsync(new JobFilter { Schedule = schedule.Id }, 1000)).Items;

    /// <summary>Every job that runs ends.</summary>
    public async Task EndAllAsync()
    {
        await foreach (var job in Jobs.ScanAsync())
            await Jobs.UpdateAsync(job.Id, found => found with { State = JobState.Succeeded });
    }
}
