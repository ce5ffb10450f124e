using System.Text.Json;
using System.Text.Json.Nodes;
using Larder.Functions.Jobs;
using Larder.Functions.Tests.Hosting;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Jobs;
using Larder.Registry.Schedules;

namespace Larder.Functions.Tests.Access;

/// <summary>Who may do what with jobs and schedules: every type, every way, every role, at a running Larder.</summary>
[Collection(nameof(SharedAccess))]
public sealed class JobAccessTests(AccessFixture larder)
{
    private const string Model = "job-walk";

    // Written out, so that a change is seen.
    private static readonly Dictionary<string, Role> Looking = new()
    {
        ["train"] = Role.Reader, ["score"] = Role.Reader, ["drift"] = Role.Reader, ["ingest"] = Role.Reader, ["upload"] = Role.Reader, ["dataset"] = Role.Reader, ["export"] = Role.Admin, ["import"] = Role.Admin,
    };

    private static readonly Dictionary<string, Role> Doing = Looking.ToDictionary(type => type.Key, type => type.Value == Role.Admin ? Role.Admin : Role.Contributor);

    private static readonly Role[] Roles = [Role.Reader, Role.Predictor, Role.Contributor, Role.Admin];

    [Fact]
    public async Task Every_way_to_a_job_of_every_type_needs_the_role_that_the_type_declares()
    {
        var store = new JobStore(await TestStore.OpenAsync(larder.Storage), TimeProvider.System);
        var wrong = new List<string>();
        foreach (var type in JobTypes.All.Select(entry => entry.Type))
        {
            // What is allowed is answered 409, since a job that runs cannot be run again or deleted, and one that has ended cannot be ended.
            var (ended, running) = (await PlantAsync(store, type, JobState.Failed), await PlantAsync(store, type, JobState.Running));
            (string Way, HttpMethod Method, string Path, string? Body, Role Role, int[] Allowed)[] ways =
            [
                ("see", HttpMethod.Get, $"jobs/{ended}", null, Looking[type], [200]),
                ("read the log", HttpMethod.Get, $"jobs/{ended}/logs", null, Looking[type], [200]),
                ("list inputs", HttpMethod.Get, $"jobs/{ended}/inputs", null, Doing[type], [200]),
                ("read an input", HttpMethod.Get, $"jobs/{ended}/inputs/a", null, Doing[type], [404]),
                ("list outputs", HttpMethod.Get, $"jobs/{ended}/outputs", null, Looking[type], [200]),
                ("read an output", HttpMethod.Get, $"jobs/{ended}/outputs/a", null, Looking[type], [404]),
                ("retry", HttpMethod.Post, $"jobs/{running}/retry", "", Doing[type], [409]),
                ("cancel", HttpMethod.Post, $"jobs/{ended}/cancel", "", Doing[type], [409]),
                ("delete", HttpMethod.Delete, $"jobs/{running}", null, Doing[type], [409]),
                ("use inputs", HttpMethod.Post, "schedules", Scheduled("train", Model, $$"""{"job": "{{ended}}"}"""), Doing[type], [422]),
                ("schedule", HttpMethod.Post, "schedules", Scheduled(type, type is "export" ? "*" : Model, "{}"), type is "export" ? Role.Admin : Role.Contributor, type is "export" ? [201] : [422]),
            ];
            foreach (var (way, method, path, body, role, allowed) in ways)
                foreach (var caller in Roles)
                {
                    var (status, text, _) = await larder.SendAsync(method, $"/api/v1/{path}", RoleNames.Of(caller), body);
                    // The route says what it needs before the type does.
                    var named = caller < Role.Contributor && (method != HttpMethod.Get || path.Contains("/inputs", StringComparison.Ordinal)) ? Role.Contributor : role;
                    if (caller >= role ? !allowed.Contains(status) : status != 403 || !text.Contains($"needs the role {RoleNames.Of(named)}.", StringComparison.Ordinal))
                        wrong.Add($"{way} {type} as {RoleNames.Of(caller)}: {status} {text}");
                }

            foreach (var caller in Roles)
            {
                var (_, list, _) = await larder.SendAsync(HttpMethod.Get, $"/api/v1/jobs?type={type}", RoleNames.Of(caller));
                if (list.Contains(ended, StringComparison.Ordinal) != caller >= Looking[type])
                    wrong.Add($"list {type} as {RoleNames.Of(caller)}: {list}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Every_type_declares_its_roles_and_none_less_than_its_routes()
    {
        Assert.Equal(Looking.Keys.Order(), JobTypes.All.Select(entry => entry.Type).Order());
        foreach (var (path, type) in new[] { ("admin/export", "export"), ("admin/import", "import"), ("train/x", "train"), ("models/x/scoring", "score"), ("models/x/drift", "drift"), ("models/x/uploads/0000000000000000/complete", "upload") })
            foreach (var caller in Roles)
                Assert.Equal(caller < Doing[type], (await larder.SendAsync(HttpMethod.Post, $"/api/v1/{path}", RoleNames.Of(caller), "[]")).Status == 403);
    }

    [Fact]
    public async Task A_schedule_of_a_type_for_administrators_is_theirs_in_every_way()
    {
        var id = await ScheduleAsync("admin", Scheduled("export", "*", "{}"));
        var job = Scheduled("export", "*", "{}");
        (HttpMethod Method, string Path, string? Body)[] ways =
        [
            (HttpMethod.Get, $"schedules/{id}", null), (HttpMethod.Get, $"schedules/{id}/runs", null), (HttpMethod.Put, $"schedules/{id}", job), (HttpMethod.Patch, $"schedules/{id}", """{"description": "x"}"""),
            (HttpMethod.Post, $"schedules/{id}", """{"description": "x"}"""), (HttpMethod.Post, $"schedules/{id}/pause", ""), (HttpMethod.Post, $"schedules/{id}/resume", ""), (HttpMethod.Post, $"schedules/{id}/run", ""),
            (HttpMethod.Delete, $"schedules/{id}", null),
        ];

        foreach (var (method, path, body) in ways)
            foreach (var caller in new[] { "reader", "contributor" })
                Assert.Equal(403, (await larder.SendAsync(method, $"/api/v1/{path}", caller, body)).Status);
        Assert.DoesNotContain(id, (await larder.SendAsync(HttpMethod.Get, "/api/v1/schedules", "contributor")).Body);
        Assert.Contains(id, (await larder.SendAsync(HttpMethod.Get, "/api/v1/schedules", "admin")).Body);
        // Nor does a contributor make one of his own into such.
        var own = await ScheduleAsync("admin", Scheduled("ingest", Model, """{"blob": "uploads/job-walk/a.onnx"}"""));
        Assert.Equal(403, (await larder.SendAsync(HttpMethod.Put, $"/api/v1/schedules/{own}", "contributor", job)).Status);
        foreach (var (method, path, body) in ways)
            Assert.InRange((await larder.SendAsync(method, $"/api/v1/{path}", "admin", body)).Status, 200, 202);
    }

    [Fact]
    public async Task The_jobs_of_a_schedule_are_made_with_its_maker_s_rights_at_most()
    {
        var schedules = new ScheduleStore(await TestStore.OpenAsync(larder.Storage), new AuditLog(await TestStore.OpenAsync(larder.Storage), Microsoft.Extensions.Logging.Abstractions.NullLogger<AuditLog>.Instance));
        foreach (var maker in new[] { null, new Caller("contributor", Role.Contributor), new Caller("scoped", Role.Admin, new ModelScope { Prefixes = ["a-"] }) })
        {
            var now = DateTimeOffset.UtcNow;
            var planted = await schedules.CreateAsync(
                new Schedule
                {
                    Id = JobId.Create(now), Name = "planted", Cron = "* * * * *", TimeZone = "UTC", Job = new ScheduledJob { Type = "export", Model = "*" }, Maker = maker, Owner = "admin", Created = now, Updated = now, Enabled = false,
                },
                "tests");

            var (status, body, _) = await larder.SendAsync(HttpMethod.Post, $"/api/v1/schedules/{planted.Id}/run", "admin", "");

            Assert.True(status == 403, $"{maker}: {status} {body}");
        }

        var id = await ScheduleAsync("admin", Scheduled("export", "*", "{}"));
        Assert.Equal(202, (await larder.SendAsync(HttpMethod.Post, $"/api/v1/schedules/{id}/run", "admin", "")).Status);
        var (_, shown, _) = await larder.SendAsync(HttpMethod.Get, $"/api/v1/schedules/{id}", "admin");
        Assert.Equal(("admin", "admin"), ((string)JsonNode.Parse(shown)!["schedule"]!["maker"]!["name"]!, (string)JsonNode.Parse(shown)!["schedule"]!["maker"]!["role"]!));
    }

    private async Task<string> ScheduleAsync(string caller, string json)
    {
        var (status, body, _) = await larder.SendAsync(HttpMethod.Post, "/api/v1/schedules", caller, json);
        Assert.True(status == 201, body);
        return (string)JsonNode.Parse(body)!["schedule"]!["id"]!;
    }

    // Far from now, so that it does not run by itself.
    private static string Scheduled(string type, string model, string inputs) =>
        $$"""{"name": "walk", "cron": "0 0 1 1 *", "time_zone": "UTC", "job": {"type": "{{type}}", "model": "{{model}}", "inputs": {{inputs}} } }""";

    private static async Task<string> PlantAsync(JobStore store, string type, JobState state)
    {
        var (now, id) = (DateTimeOffset.UtcNow, JobId.Create(DateTimeOffset.UtcNow));
        await store.CreateAsync(new Job
        {
            Id = id, Type = type, State = state, Model = type is "export" or "import" ? "*" : Model, Created = now, Options = JsonSerializer.SerializeToElement(new { }),
        });
        return id;
    }
}
