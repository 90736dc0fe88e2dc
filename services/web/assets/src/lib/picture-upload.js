// Sends one picture to the library. Resolves to {picture} as the server tells it (id, url, path,
// width, height, alt, warnings), or to {trouble}: "large", "ended", "refused", "broken", or to
// {error}: the server's own words.
export function uploadPicture(file, { action, token, maxMb, onProgress }) {
  if (maxMb && file.size > maxMb * 1024 * 1024) return Promise.resolve({ trouble: "large" });
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", action);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("X-Fragment", "1");
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const answer = request.response;
      if (request.status === 201 && answer?.url) resolve({ picture: answer });
      else if (request.status === 401) resolve({ trouble: "ended" });
      else if (answer?.error) resolve({ error: answer.error });
      else resolve({ trouble: request.status === 413 ? "large" : "refused" });
    });
    request.addEventListener("error", () => resolve({ trouble: "broken" }));
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}
