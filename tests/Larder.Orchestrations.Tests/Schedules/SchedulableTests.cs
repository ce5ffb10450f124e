using System.Runtime.CompilerServices;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Uploads;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Tests.Schedules;

public class SchedulableTests
{
    /// <summary>docs/schedules.md lists these, each with what can be scheduled in its place.</summary>
    private static readonly string[] Refused = [DatasetJob.Type, ImportJob.Type, UploadJob.Type];

    // Neither needs anything that its constructor takes to say what it is.
    private static IReadOnlyList<T> AllOf<T>() =>
    [
        .. typeof(IJobType).Assembly.GetTypes()
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(T)))
            .Select(type => (T)RuntimeHelpers.GetUninitializedObject(type)),
    ];

    [Fact]
    public void Every_type_of_job_can_be_scheduled_or_says_why_not()
    {
        var scheduled = AllOf<IScheduledJob>().Select(one => one.Type).ToList();
        var types = AllOf<IJobType>();

        Assert.Equal(scheduled.Order(StringComparer.Ordinal), types.Where(type => type.NotScheduled is null).Select(type => type.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Refused, types.Where(type => type.NotScheduled is not null).Select(type => type.Name).Order(StringComparer.Ordinal));
        Assert.All(types, type => Assert.True(type.NotScheduled is null or { Length: > 40 }, type.Name));
    }

    [Fact]
    public void What_cannot_be_scheduled_is_refused_with_what_can()
    {
        var starter = new ScheduleStarter([new BakeJob()], [new BakeJob(), new UploadJob()], null!, null!, null!);

        Assert.Equal("bake", starter.TypeOf("bake").Type);
        var refused = Assert.Throws<InvalidRequestException>(() => starter.TypeOf("upload"));
        Assert.StartsWith("A job of the type upload cannot be scheduled.", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Schedule ingest", refused.Message, StringComparison.Ordinal);
        Assert.Equal("job.type must be bake.", Assert.Throws<InvalidRequestException>(() => starter.TypeOf("brew")).Message);
    }
}
