using System.ComponentModel;
using Larder.Dashboard.Pages;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Dashboard;

/// <summary>Uploads by a form. The form has the fields of the API's upload, the model's name and the page's token.</summary>
internal sealed class UploadPages(Pages pages, PageForms forms, PutModel uploads, PublishingOptions publishing, ModelScopes scopes)
{
    private const string ModelField = "model";

    private static readonly FormSpec Spec = PutModel.Spec with
    {
        Raw = null,
        Otherwise = "the form on the page",
        IsOfPage = true,
        Fields = [PageForms.TokenField, new(ModelField, "The model.") { TextBytes = 1024 }, .. PutModel.Spec.Fields],
    };

    /// <summary>The form.</summary>
    [Function("UiUpload"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("The page to upload a model.")]
    [Query(ModelField), Answers(MediaType = "text/html")]
    public Task<IActionResult> Open([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "ui/upload")] HttpRequest request) =>
        ShowAsync(request, new() { [nameof(UploadPage.Model)] = QueryParameters.Text(request, ModelField) ?? "" });

    /// <summary>Publishes the form's file. A refusal shows the form again, with the sentence above it.</summary>
    [Function("UiUploadModel"), Requires(Role.Contributor, Scope = ScopeRule.Function), Description("Uploads a model, by a form.")]
    [Query, Takes(nameof(Spec)), Answers(MediaType = "text/html")]
    public Task<IActionResult> Take(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "ui/upload")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        return forms.TakeAsync(request, Spec, (_, content, stop) => uploads.StageAsync(content, stop), PublishAsync, ShowAgainAsync, cancellationToken);

        async Task<IActionResult> PublishAsync(Form form)
        {
            var name = ModelName.Parse(form.Text(ModelField)?.Trim() ?? "");
            await scopes.RequireAsync(request.Caller(), name, cancellationToken);
            var ((_, version), note) = await uploads.TakeAsync(name, form, key: null, request.Caller().Name, cancellationToken);
            return pages.Go(request, $"/ui/models/{name}:{version.Version}", $"{name} has version {version.Version} now.{(note is null ? "" : $" {note}")}");
        }

        Task<IActionResult> ShowAgainAsync(Form? form, string sentence, int status) => ShowAsync(
            request,
            new()
            {
                [nameof(UploadPage.Model)] = form?.Text(ModelField) ?? "",
                [nameof(UploadPage.Description)] = form?.Text("description") ?? "",
                [nameof(UploadPage.Alias)] = form?.Text("alias") ?? "",
                [nameof(UploadPage.Problem)] = sentence,
            },
            status);
    }

    private Task<IActionResult> ShowAsync(HttpRequest request, Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
    {
        parameters[nameof(UploadPage.MostBytes)] = publishing.ModelBytes;
        return pages.ShowAsync<UploadPage>(request, parameters, status);
    }
}
