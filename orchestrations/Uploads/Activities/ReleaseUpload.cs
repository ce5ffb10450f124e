using Larder.Orchestrations.Jobs;
using Larder.Registry.Uploads;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Orchestrations.Uploads.Activities;

/// <summary>Removes what was uploaded, when it is a version or a data set: the artifact has the same bytes.</summary>
public sealed class ReleaseUpload(JobSteps steps, UploadSessions sessions)
{
    /// <summary>Deletes the upload of a job that is registered.</summary>
    [Function(ActivityNames.ReleaseUpload)]
    public Task Run([ActivityTrigger] string job, CancellationToken cancellationToken) => steps.RunAsync(
        job,
        "clean_up",
        0,
        async found =>
        {
            // Both types of job call it so.
            await sessions.DeleteContentAsync(found.Options.GetProperty("upload").GetString()!, cancellationToken);
            return true;
        },
        cancellationToken: cancellationToken);
}
